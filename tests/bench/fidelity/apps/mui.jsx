// Invoices of a billing service, in React with Material UI 6.
import AddIcon from "@mui/icons-material/Add";
import DeleteIcon from "@mui/icons-material/Delete";
import ExpandMoreIcon from "@mui/icons-material/ExpandMore";
import InboxIcon from "@mui/icons-material/Inbox";
import MailIcon from "@mui/icons-material/Mail";
import MenuIcon from "@mui/icons-material/Menu";
import SearchIcon from "@mui/icons-material/Search";
import * as M from "@mui/material";
import { ThemeProvider, alpha, createTheme, styled } from "@mui/material/styles";
import { useState } from "react";
import { createRoot } from "react-dom/client";

const FIGURES = [
  { label: "Revenue", value: "$24,500", percent: 72 },
  { label: "Customers", value: "1,832", percent: 45 },
  { label: "Churn", value: "2.1 %", percent: 12 },
];
const INVOICES = [
  { number: "INV-1001", customer: "Acme Corp", state: "Paid", color: "success", amount: "$1,240.00" },
  { number: "INV-1002", customer: "Globex", state: "Pending", color: "warning", amount: "$310.50" },
  { number: "INV-1003", customer: "Initech", state: "Overdue", color: "error", amount: "$9,999.99" },
  { number: "INV-1004", customer: "Umbrella", state: "Paid", color: "success", amount: "$45.00" },
];
const COMMENTS = [
  { author: "Ali Connors", color: "#f44336", text: "Was this one sent twice?" },
  { author: "Scott", color: "#3f51b5", text: "They pay at the end of the month, as always." },
  { author: "Sandra Adams", color: "#009688", text: "I have called them, the cheque is on its way." },
];

const SearchBox = styled("div")(({ theme }) => ({
  alignItems: "center",
  backgroundColor: alpha(theme.palette.common.white, 0.15),
  borderRadius: theme.shape.borderRadius,
  display: "flex",
  gap: theme.spacing(1),
  padding: theme.spacing(0.5, 1.5),
  "&:hover": { backgroundColor: alpha(theme.palette.common.white, 0.25) },
  "& input": { background: "none", border: 0, color: "inherit", font: "inherit", width: 140 },
}));

function Header() {
  return (
    <M.AppBar position="sticky">
      <M.Toolbar sx={{ gap: 2 }}>
        <M.IconButton color="inherit" edge="start" aria-label="Menu" children={<MenuIcon />} />
        <M.Typography variant="h6" sx={{ flexGrow: 1 }} children="Billing" />
        <SearchBox>
          <SearchIcon />
          <input placeholder="Search…" />
        </SearchBox>
        <M.Button color="inherit">Invoices</M.Button>
        <M.Button color="inherit">Customers</M.Button>
        <M.Badge badgeContent={4} color="error" children={<MailIcon />} />
        <M.Avatar sx={{ bgcolor: "secondary.main" }}>JD</M.Avatar>
      </M.Toolbar>
    </M.AppBar>
  );
}

function FigureCard({ label, value, percent }) {
  return (
    <M.Card>
      <M.CardContent>
        <M.Typography color="text.secondary" gutterBottom variant="body2" children={label} />
        <M.Typography variant="h5" children={value} />
        <M.LinearProgress variant="determinate" value={percent} sx={{ mt: 2 }} />
      </M.CardContent>
      <M.CardActions children={<M.Button size="small">Details</M.Button>} />
    </M.Card>
  );
}

function InvoiceTable() {
  const [picked, setPicked] = useState("INV-1002");
  const row = ({ number, customer, state, color, amount }) => (
    <M.TableRow hover selected={number === picked} key={number}>
      <M.TableCell padding="checkbox">
        <M.Checkbox checked={number === picked} onChange={() => setPicked(number)} />
      </M.TableCell>
      <M.TableCell>{number}</M.TableCell>
      <M.TableCell>{customer}</M.TableCell>
      <M.TableCell children={<M.Chip size="small" label={state} color={color} />} />
      <M.TableCell align="right">{amount}</M.TableCell>
    </M.TableRow>
  );
  return (
    <M.TableContainer component={M.Paper}>
      <M.Table>
        <M.TableHead>
          <M.TableRow>
            <M.TableCell padding="checkbox" children={<M.Checkbox indeterminate />} />
            {["Number", "Customer", "State"].map((title) => (
              <M.TableCell key={title}>{title}</M.TableCell>
            ))}
            <M.TableCell align="right">Amount</M.TableCell>
          </M.TableRow>
        </M.TableHead>
        <M.TableBody>{INVOICES.map(row)}</M.TableBody>
      </M.Table>
      <M.Stack sx={{ alignItems: "center", p: 2 }} children={<M.Pagination count={10} page={3} color="primary" />} />
    </M.TableContainer>
  );
}

function CustomerForm() {
  const dollar = { startAdornment: <M.InputAdornment position="start">$</M.InputAdornment> };
  return (
    <M.Paper sx={{ p: 3 }}>
      <M.Stack spacing={2} component="form">
        <M.Typography variant="h6">New customer</M.Typography>
        <M.TextField label="Name" defaultValue="Jane Doe" />
        <M.TextField label="E-mail" variant="filled" helperText="We never share it" />
        <M.TextField label="Phone" variant="standard" placeholder="+1" />
        <M.TextField
          label="Credit"
          error
          helperText="Must be a number"
          defaultValue="abc"
          slotProps={{ input: dollar }}
        />
        <M.TextField label="Notes" multiline rows={3} />
        <M.TextField label="Country" select defaultValue="us">
          <M.MenuItem value="us">United States</M.MenuItem>
        </M.TextField>
        <M.RadioGroup row defaultValue="pro">
          <M.FormControlLabel value="free" control={<M.Radio />} label="Free" />
          <M.FormControlLabel value="pro" control={<M.Radio />} label="Pro" />
          <M.FormControlLabel value="team" disabled control={<M.Radio />} label="Team" />
        </M.RadioGroup>
        <M.FormControlLabel control={<M.Switch defaultChecked />} label="Reminders" />
        <M.FormControlLabel control={<M.Checkbox defaultChecked />} label="Accepted the terms" />
        <M.Slider defaultValue={30} aria-label="Discount" />
        <M.Stack direction="row" spacing={2}>
          <M.Button variant="contained">Save</M.Button>
          <M.Button variant="outlined">Cancel</M.Button>
          <M.Button disabled>Archive</M.Button>
          <M.Button variant="contained" color="error" startIcon={<DeleteIcon />} children="Delete" />
        </M.Stack>
      </M.Stack>
    </M.Paper>
  );
}

function Sidebar() {
  const [tab, setTab] = useState(0);
  return (
    <M.Stack spacing={3}>
      <M.Paper>
        <M.Tabs value={tab} onChange={(_, chosen) => setTab(chosen)}>
          <M.Tab label="Comments" />
          <M.Tab label="Files" />
          <M.Tab label="History" disabled />
        </M.Tabs>
        <M.List>
          {COMMENTS.map(({ author, color, text }) => (
            <M.ListItem alignItems="flex-start" divider key={author}>
              <M.ListItemAvatar children={<M.Avatar sx={{ bgcolor: color }} children={author[0]} />} />
              <M.ListItemText primary={author} secondary={text} />
            </M.ListItem>
          ))}
        </M.List>
      </M.Paper>
      <M.Paper component="nav">
        <M.ListItemButton selected>
          <M.ListItemIcon children={<InboxIcon />} />
          <M.ListItemText primary="Inbox" />
        </M.ListItemButton>
        <M.ListItemButton>
          <M.ListItemIcon children={<MailIcon />} />
          <M.ListItemText primary="Drafts" />
        </M.ListItemButton>
      </M.Paper>
      <M.Accordion defaultExpanded>
        <M.AccordionSummary expandIcon={<ExpandMoreIcon />}>Late payment</M.AccordionSummary>
        <M.AccordionDetails>A reminder is sent after fourteen days.</M.AccordionDetails>
      </M.Accordion>
      <M.Stack direction="row" spacing={2} sx={{ alignItems: "center" }}>
        <M.Fab color="primary" aria-label="New invoice" children={<AddIcon />} />
        <M.ButtonGroup variant="outlined">
          <M.Button>Day</M.Button>
          <M.Button>Week</M.Button>
          <M.Button>Month</M.Button>
        </M.ButtonGroup>
        <M.Chip avatar={<M.Avatar>M</M.Avatar>} label="Marie" onDelete={() => {}} />
      </M.Stack>
    </M.Stack>
  );
}

function App() {
  return (
    <ThemeProvider theme={createTheme({ cssVariables: true })}>
      <M.CssBaseline />
      <Header />
      <M.Container maxWidth="lg" sx={{ py: 3 }}>
        <M.Stack spacing={2} sx={{ mb: 3 }}>
          <M.Breadcrumbs>
            <M.Link underline="hover" color="inherit" href="#home" children="Home" />
            <M.Typography color="text.primary">Invoices</M.Typography>
          </M.Breadcrumbs>
          <M.Alert severity="warning" action={<M.Button color="inherit" size="small" children="Upgrade" />}>
            <M.AlertTitle>Warning</M.AlertTitle>Your trial ends in three days.
          </M.Alert>
          <M.Alert variant="filled" severity="success" onClose={() => {}} children="Payment was received." />
        </M.Stack>
        <M.Grid2 container spacing={3}>
          {FIGURES.map((figure) => (
            <M.Grid2 size={{ xs: 12, sm: 4 }} key={figure.label} children={<FigureCard {...figure} />} />
          ))}
          <M.Grid2 size={12} children={<InvoiceTable />} />
          <M.Grid2 size={{ xs: 12, md: 6 }} children={<CustomerForm />} />
          <M.Grid2 size={{ xs: 12, md: 6 }} children={<Sidebar />} />
        </M.Grid2>
      </M.Container>
    </ThemeProvider>
  );
}

createRoot(document.getElementById("root")).render(<App />);

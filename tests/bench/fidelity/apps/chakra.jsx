// Dashboard and settings of a shop, in React with Chakra UI 3.
import * as C from "@chakra-ui/react";
import { createRoot } from "react-dom/client";

const FIGURES = [
  { label: "Revenue", value: "$45k", change: "12%", grows: true },
  { label: "Users", value: "1,204", change: "3%", grows: true },
  { label: "Orders", value: "98", change: "4%", grows: false },
];
const PRODUCTS = [
  ["Laptop", "Electronics", "999.99"],
  ["Coffee maker", "Home", "49.99"],
  ["Desk chair", "Furniture", "150.00"],
];
const QUESTIONS = [
  ["shipping", "When is it sent?", "Within three working days."],
  ["returns", "May I send it back?", "Within a month, as it came."],
];

function Header() {
  return (
    <C.Flex as="header" px="6" py="3" align="center" justify="space-between" borderBottomWidth="1px" bg="bg.subtle">
      <C.Heading size="md">Acme</C.Heading>
      <C.HStack as="nav" gap="5">
        <C.Link href="#home">Home</C.Link>
        <C.Link href="#team" variant="underline" children="Team" />
        <C.Link href="#docs" colorPalette="teal" children="Docs" />
      </C.HStack>
      <C.HStack>
        <C.Button size="sm" variant="ghost" children="Log in" />
        <C.Button size="sm" colorPalette="teal" children="Sign up" />
        <C.Avatar.Root size="sm" children={<C.Avatar.Fallback name="Sasha Grey" />} />
      </C.HStack>
    </C.Flex>
  );
}

function FigureCard({ label, value, change, grows }) {
  return (
    <C.Card.Root variant={grows ? "outline" : "elevated"}>
      <C.Card.Body>
        <C.Stat.Root>
          <C.Stat.Label>{label}</C.Stat.Label>
          <C.Stat.ValueText>{value}</C.Stat.ValueText>
          <C.Badge colorPalette={grows ? "green" : "red"}>
            {grows ? <C.Stat.UpIndicator /> : <C.Stat.DownIndicator />}
            {change}
          </C.Badge>
        </C.Stat.Root>
      </C.Card.Body>
      <C.Card.Footer justifyContent="flex-end">
        <C.Button variant="outline" size="sm" children="View" />
        <C.Button size="sm">Share</C.Button>
      </C.Card.Footer>
    </C.Card.Root>
  );
}

function Field({ label, help, error, children, ...rest }) {
  return (
    <C.Field.Root invalid={Boolean(error)} {...rest}>
      <C.Field.Label>
        {label} <C.Field.RequiredIndicator />
      </C.Field.Label>
      {children}
      {help && <C.Field.HelperText>{help}</C.Field.HelperText>}
      <C.Field.ErrorText>{error}</C.Field.ErrorText>
    </C.Field.Root>
  );
}

function Checkbox({ label, ...rest }) {
  return (
    <C.Checkbox.Root {...rest}>
      <C.Checkbox.HiddenInput />
      <C.Checkbox.Control children={<C.Checkbox.Indicator />} />
      <C.Checkbox.Label>{label}</C.Checkbox.Label>
    </C.Checkbox.Root>
  );
}

function Radio({ value }) {
  return (
    <C.RadioGroup.Item value={value}>
      <C.RadioGroup.ItemHiddenInput />
      <C.RadioGroup.ItemIndicator />
      <C.RadioGroup.ItemText>{value}</C.RadioGroup.ItemText>
    </C.RadioGroup.Item>
  );
}

function SignUp() {
  return (
    <C.Card.Root>
      <C.Card.Header>
        <C.Card.Title>Sign up</C.Card.Title>
        <C.Card.Description>Fill in the form below</C.Card.Description>
      </C.Card.Header>
      <C.Card.Body gap="4">
        <Field label="E-mail" help="We never share it." required children={<C.Input placeholder="me@example.com" />} />
        <Field label="Name" error="This is not valid" children={<C.Input defaultValue="?" />} />
        <Field label="Site">
          <C.Group attached w="full">
            <C.InputAddon>https://</C.InputAddon>
            <C.Input placeholder="yoursite" />
          </C.Group>
        </Field>
        <Field label="Country">
          <C.NativeSelect.Root>
            <C.NativeSelect.Field children={<option>Germany</option>} />
            <C.NativeSelect.Indicator />
          </C.NativeSelect.Root>
        </Field>
        <Field label="About you" children={<C.Textarea placeholder="Start typing…" />} />
        <C.Input variant="flushed" placeholder="Town" />
        <Checkbox label="Accept terms" defaultChecked />
        <Checkbox label="Newsletter" />
        <C.RadioGroup.Root defaultValue="Monthly">
          <C.HStack gap="6">
            <Radio value="Monthly" />
            <Radio value="Yearly" />
          </C.HStack>
        </C.RadioGroup.Root>
        <C.Switch.Root defaultChecked colorPalette="teal">
          <C.Switch.HiddenInput />
          <C.Switch.Control children={<C.Switch.Thumb />} />
          <C.Switch.Label>Notifications</C.Switch.Label>
        </C.Switch.Root>
        <C.NumberInput.Root defaultValue="10" width="200px">
          <C.NumberInput.Control>
            <C.NumberInput.IncrementTrigger />
            <C.NumberInput.DecrementTrigger />
          </C.NumberInput.Control>
          <C.NumberInput.Input />
        </C.NumberInput.Root>
        <C.Slider.Root defaultValue={[40]}>
          <C.Slider.Label>Volume</C.Slider.Label>
          <C.Slider.Control>
            <C.Slider.Track children={<C.Slider.Range />} />
            <C.Slider.Thumb index={0} children={<C.Slider.HiddenInput />} />
          </C.Slider.Control>
        </C.Slider.Root>
      </C.Card.Body>
      <C.Card.Footer flexWrap="wrap">
        {["solid", "subtle", "surface", "outline", "ghost"].map((variant) => (
          <C.Button key={variant} variant={variant} children={variant} />
        ))}
        <C.Button disabled>Archive</C.Button>
      </C.Card.Footer>
    </C.Card.Root>
  );
}

function Catalogue() {
  return (
    <C.Stack gap="6">
      <C.Table.Root size="sm" variant="outline" striped interactive>
        <C.Table.Header>
          <C.Table.Row>
            {["Product", "Category", "Price"].map((title) => (
              <C.Table.ColumnHeader key={title}>{title}</C.Table.ColumnHeader>
            ))}
          </C.Table.Row>
        </C.Table.Header>
        <C.Table.Body>
          {PRODUCTS.map((cells) => (
            <C.Table.Row key={cells[0]}>
              {cells.map((cell) => (
                <C.Table.Cell key={cell}>{cell}</C.Table.Cell>
              ))}
            </C.Table.Row>
          ))}
        </C.Table.Body>
      </C.Table.Root>
      {["line", "enclosed"].map((variant) => (
        <C.Tabs.Root defaultValue="members" variant={variant} key={variant}>
          <C.Tabs.List>
            <C.Tabs.Trigger value="members">Members</C.Tabs.Trigger>
            <C.Tabs.Trigger value="projects">Projects</C.Tabs.Trigger>
            <C.Tabs.Trigger value="settings" disabled children="Settings" />
          </C.Tabs.List>
          <C.Tabs.Content value="members">Manage your team members</C.Tabs.Content>
        </C.Tabs.Root>
      ))}
      <C.Accordion.Root collapsible defaultValue={["shipping"]}>
        {QUESTIONS.map(([value, question, answer]) => (
          <C.Accordion.Item key={value} value={value}>
            <C.Accordion.ItemTrigger>
              <C.Text flex="1" textAlign="start" children={question} />
              <C.Accordion.ItemIndicator />
            </C.Accordion.ItemTrigger>
            <C.Accordion.ItemContent children={<C.Accordion.ItemBody>{answer}</C.Accordion.ItemBody>} />
          </C.Accordion.Item>
        ))}
      </C.Accordion.Root>
      <C.Progress.Root value={40} striped>
        <C.Progress.Label>Upload</C.Progress.Label>
        <C.Progress.Track children={<C.Progress.Range />} />
      </C.Progress.Root>
      <C.HStack wrap="wrap">
        <C.Badge colorPalette="green" variant="solid" children="New" />
        <C.Badge colorPalette="purple" variant="outline" children="Beta" />
        <C.Tag.Root colorPalette="blue">
          <C.Tag.Label>Sale</C.Tag.Label>
          <C.Tag.EndElement children={<C.Tag.CloseTrigger />} />
        </C.Tag.Root>
        <C.Kbd>ctrl</C.Kbd>
        <C.Code>npm i</C.Code>
      </C.HStack>
      <C.List.Root ps="5">
        <C.List.Item>Clean water</C.List.Item>
        <C.List.Item>Warm food</C.List.Item>
      </C.List.Root>
    </C.Stack>
  );
}

function App() {
  return (
    <C.ChakraProvider value={C.defaultSystem}>
      <Header />
      <C.Container maxW="6xl" py="6">
        <C.Stack gap="6">
          <C.Alert.Root status="info">
            <C.Alert.Indicator />
            <C.Alert.Content>
              <C.Alert.Title>Heads up</C.Alert.Title>
              <C.Alert.Description>Your plan renews tomorrow.</C.Alert.Description>
            </C.Alert.Content>
          </C.Alert.Root>
          <C.Alert.Root status="error" variant="solid">
            <C.Alert.Indicator />
            <C.Alert.Title>Two orders could not be sent</C.Alert.Title>
          </C.Alert.Root>
          <C.SimpleGrid columns={{ base: 1, md: 3 }} gap="4">
            {FIGURES.map((figure) => (
              <FigureCard key={figure.label} {...figure} />
            ))}
          </C.SimpleGrid>
          <C.SimpleGrid columns={{ base: 1, lg: 2 }} gap="6">
            <SignUp />
            <Catalogue />
          </C.SimpleGrid>
        </C.Stack>
      </C.Container>
      <C.HStack as="footer" bg="gray.900" color="white" p="6" justify="space-between">
        <C.Text>© Acme</C.Text>
        <C.Link href="#privacy" color="teal.300" children="Privacy" />
      </C.HStack>
    </C.ChakraProvider>
  );
}

createRoot(document.getElementById("root")).render(<App />);

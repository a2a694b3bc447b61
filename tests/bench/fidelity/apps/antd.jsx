// Members of a club, in React with Ant Design 5.
import { ArrowUpOutlined, EditOutlined, LaptopOutlined, SettingOutlined, UserOutlined } from "@ant-design/icons";
import * as A from "antd";
import { createRoot } from "react-dom/client";

const PAGES = ["Members", "Courts", "Matches"].map((label) => ({ key: label, label }));
const SECTIONS = [
  { key: "people", icon: <UserOutlined />, label: "People", children: PAGES },
  { key: "devices", icon: <LaptopOutlined />, label: "Devices" },
];
const MEMBERS = [
  { key: 1, name: "John Brown", age: 32, address: "New York No. 1 Lake Park", tags: ["junior", "coach"] },
  { key: 2, name: "Jim Green", age: 42, address: "London No. 1 Lake Park", tags: ["guest"] },
  { key: 3, name: "Joe Black", age: 32, address: "Sydney No. 1 Lake Park", tags: ["captain"] },
];
const COLUMNS = [
  { title: "Name", dataIndex: "name", render: (name) => <a href="#member">{name}</a> },
  { title: "Age", dataIndex: "age", sorter: (one, other) => one.age - other.age },
  { title: "Address", dataIndex: "address" },
  {
    title: "Tags",
    dataIndex: "tags",
    render: (tags) => tags.map((tag) => <A.Tag color="geekblue" key={tag} children={tag} />),
  },
];
const NEWS = ["The new court is open", "Subscriptions are due", "Summer party"];
const LEVELS = [
  { value: "beginner", label: "Beginner" },
  { value: "advanced", label: "Advanced" },
];

function Figures() {
  return (
    <A.Row gutter={16}>
      <A.Col span={8}>
        <A.Card>
          <A.Statistic title="Active" value={11.28} precision={2} prefix={<ArrowUpOutlined />} suffix="%" />
        </A.Card>
      </A.Col>
      <A.Col span={8}>
        <A.Card title="Captain" extra={<a href="#more">More</a>} actions={[<SettingOutlined />, <EditOutlined />]}>
          <A.Card.Meta avatar={<A.Avatar>U</A.Avatar>} title="Ute Bauer" description="Since 2019" />
        </A.Card>
      </A.Col>
      <A.Col span={8}>
        <A.Card hoverable cover={<div style={{ height: 100, background: "linear-gradient(#87d068, #108ee9)" }} />}>
          <A.Card.Meta title="Centre court" description="Free from five o'clock" />
        </A.Card>
      </A.Col>
    </A.Row>
  );
}

function Profile() {
  const { Item } = A.Form;
  return (
    <A.Card title="Profile">
      <A.Form
        layout="vertical"
        initialValues={{ name: "Jane", age: 31, level: "advanced", kind: "full", teaches: ["beginner"] }}
      >
        <Item label="Name" name="name" required children={<A.Input />} />
        <Item label="Find" children={<A.Input.Search placeholder="A member" enterButton />} />
        <Item label="Password" children={<A.Input.Password placeholder="secret" />} />
        <Item label="Site" children={<A.Input addonBefore="https://" addonAfter=".com" defaultValue="mysite" />} />
        <Item label="Age" name="age" children={<A.InputNumber />} />
        <Item label="Level" name="level" children={<A.Select options={LEVELS} />} />
        <Item label="Teaches" name="teaches" children={<A.Select mode="multiple" options={LEVELS} />} />
        <Item label="Born" validateStatus="error" help="Should be chosen" children={<A.DatePicker />} />
        <Item
          label="About"
          children={<A.Input.TextArea rows={3} showCount maxLength={100} defaultValue="Hello there" />}
        />
        <Item label="Membership" name="kind">
          <A.Radio.Group>
            <A.Radio value="full">Full</A.Radio>
            <A.Radio value="guest">Guest</A.Radio>
            <A.Radio value="life" disabled children="For life" />
          </A.Radio.Group>
        </Item>
        <Item label="Show by">
          <A.Radio.Group defaultValue="week" optionType="button" options={["day", "week", "month"]} />
        </Item>
        <Item children={<A.Checkbox defaultChecked>Remember me</A.Checkbox>} />
        <Item label="Newsletter" children={<A.Switch defaultChecked />} />
        <Item label="Fitness" children={<A.Slider defaultValue={40} />} />
        <Item label="Rating" children={<A.Rate defaultValue={3} />} />
        <A.Space wrap>
          <A.Button type="primary">Submit</A.Button>
          <A.Button>Reset</A.Button>
          <A.Button type="dashed">Copy</A.Button>
          <A.Button type="link">Help</A.Button>
          <A.Button danger>Delete</A.Button>
          <A.Button disabled>Archive</A.Button>
        </A.Space>
      </A.Form>
    </A.Card>
  );
}

function Side() {
  const item = (title) => (
    <A.List.Item actions={[<a href="#edit">edit</a>]}>
      <A.List.Item.Meta
        avatar={<A.Avatar children={title[0]} />}
        title={<a href="#news">{title}</a>}
        description="By the board"
      />
    </A.List.Item>
  );
  return (
    <A.Flex vertical gap={20}>
      <A.Card>
        <A.Tabs
          items={PAGES.map((page, index) => ({ ...page, children: `All ${page.label}`, disabled: index === 2 }))}
        />
      </A.Card>
      <A.Card children={<A.List dataSource={NEWS} renderItem={item} />} />
      <A.Steps current={1} items={[{ title: "Asked" }, { title: "Invited" }, { title: "Joined" }]} />
      <A.Progress percent={30} />
      <A.Progress percent={70} status="exception" />
      <A.Space>
        <A.Progress type="circle" percent={75} size={80} />
        <A.Tag closable color="magenta" children="new" />
        <A.Badge status="success" text="Open" />
        <A.Segmented options={["Daily", "Weekly", "Monthly"]} />
      </A.Space>
      <A.Collapse
        defaultActiveKey="rules"
        items={[
          { key: "rules", label: "Rules", children: "White shirts on all courts." },
          { key: "fees", label: "Fees", children: "Due in March." },
        ]}
      />
      <A.Descriptions title="Contact" bordered size="small" column={1}>
        <A.Descriptions.Item label="Name">Zhou Maomao</A.Descriptions.Item>
        <A.Descriptions.Item label="Lives in">Hangzhou</A.Descriptions.Item>
      </A.Descriptions>
      <A.Timeline
        items={[{ children: "Founded" }, { color: "red", children: "Flood" }, { children: "Opened again" }]}
      />
      <A.Pagination defaultCurrent={2} total={80} />
    </A.Flex>
  );
}

function App() {
  const { Header, Sider, Content, Footer } = A.Layout;
  return (
    <A.Layout>
      <Header style={{ display: "flex", alignItems: "center", gap: 24 }}>
        <strong style={{ color: "white" }}>Tennis club</strong>
        <A.Menu theme="dark" mode="horizontal" selectedKeys={["Members"]} items={PAGES} style={{ flex: 1 }} />
        <A.Badge count={5} children={<A.Avatar icon={<UserOutlined />} />} />
      </Header>
      <A.Layout>
        <Sider theme="light">
          <A.Menu mode="inline" defaultSelectedKeys={["Courts"]} defaultOpenKeys={["people"]} items={SECTIONS} />
        </Sider>
        <Content style={{ padding: 24 }}>
          <A.Flex vertical gap={20}>
            <A.Breadcrumb items={[{ title: <a href="#home">Home</a> }, { title: "Members" }]} />
            <A.Alert message="Subscriptions" description="Two of them are not paid." type="warning" showIcon closable />
            <A.Alert message="The court is yours" type="success" showIcon />
            <Figures />
            <A.Table rowSelection={{ defaultSelectedRowKeys: [2] }} columns={COLUMNS} dataSource={MEMBERS} />
            <A.Row gutter={24}>
              <A.Col span={12} children={<Profile />} />
              <A.Col span={12} children={<Side />} />
            </A.Row>
          </A.Flex>
        </Content>
      </A.Layout>
      <Footer style={{ textAlign: "center" }}>
        © Tennis club, <a href="#imprint">Imprint</a>
      </Footer>
    </A.Layout>
  );
}

createRoot(document.getElementById("root")).render(<App />);

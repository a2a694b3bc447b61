// A shop for shoes on a phone, in web components with Ionic 8.
import "@ionic/core/css/core.css";
import "@ionic/core/css/normalize.css";
import "@ionic/core/css/padding.css";
import "@ionic/core/css/structure.css";
import "@ionic/core/css/typography.css";
import { initialize } from "@ionic/core/components";
import { addIcons } from "ionicons";
import { cart, home, library, menu, search } from "ionicons/icons";

const header = /* HTML */ `
  <ion-header>
    <ion-toolbar color="primary">
      <ion-buttons slot="start">
        <ion-button><ion-icon slot="icon-only" name="menu"></ion-icon></ion-button>
      </ion-buttons>
      <ion-title>Shop</ion-title>
      <ion-buttons slot="end">
        <ion-button>
          <ion-icon slot="start" name="cart"></ion-icon>
          Cart
          <ion-badge color="danger">3</ion-badge>
        </ion-button>
      </ion-buttons>
    </ion-toolbar>
    <ion-toolbar><ion-searchbar placeholder="Search shoes"></ion-searchbar></ion-toolbar>
    <ion-toolbar>
      <ion-segment value="all">
        <ion-segment-button value="all"><ion-label>All</ion-label></ion-segment-button>
        <ion-segment-button value="favorites"><ion-label>Favorites</ion-label></ion-segment-button>
      </ion-segment>
    </ion-toolbar>
  </ion-header>
`;

const profile = /* HTML */ `
  <ion-card>
    <ion-card-header>
      <ion-card-subtitle>Our shop</ion-card-subtitle>
      <ion-card-title>Madison, WI</ion-card-title>
    </ion-card-header>
    <ion-card-content>On the isthmus between Lake Monona and Lake Mendota.</ion-card-content>
    <ion-button fill="clear">Find</ion-button>
    <ion-button fill="outline">Call</ion-button>
  </ion-card>
  <ion-list>
    <ion-list-header><ion-label>Profile</ion-label></ion-list-header>
    <ion-item><ion-input label="Name" value="Ada"></ion-input></ion-item>
    <ion-item><ion-input label="E-mail" label-placement="stacked" placeholder="you@example.com"></ion-input></ion-item>
    <ion-item><ion-input label="Phone" label-placement="floating"></ion-input></ion-item>
    <ion-item><ion-textarea label="Notes" placeholder="Write"></ion-textarea></ion-item>
    <ion-item>
      <ion-select label="Size" value="38"><ion-select-option value="38">38</ion-select-option></ion-select>
    </ion-item>
    <ion-item><ion-toggle checked>Notifications</ion-toggle></ion-item>
    <ion-item><ion-checkbox checked>I agree</ion-checkbox></ion-item>
    <ion-radio-group value="post">
      <ion-item><ion-radio value="shop">From the shop</ion-radio></ion-item>
      <ion-item><ion-radio value="post">By post</ion-radio></ion-item>
    </ion-radio-group>
    <ion-item><ion-range value="40" label="Price"></ion-range></ion-item>
  </ion-list>
  <ion-input
    fill="outline"
    label="Voucher"
    label-placement="floating"
    value="SUMMER"
    helper-text="Once only"
  ></ion-input>
`;

const messages = /* HTML */ `
  <ion-list inset>
    <ion-item-divider><ion-label>Today</ion-label></ion-item-divider>
    <ion-item button detail>
      <ion-avatar slot="start">
        <svg viewBox="0 0 40 40"><circle cx="20" cy="20" r="20" fill="#3dc2ff" /></svg>
      </ion-avatar>
      <ion-label>
        <h2>Finn</h2>
        <p>Your boots are here</p>
      </ion-label>
      <ion-note slot="end">9:40</ion-note>
    </ion-item>
    <ion-item href="#han">
      <ion-label>
        <h2>Han</h2>
        <p>New laces</p>
      </ion-label>
      <ion-badge slot="end">22</ion-badge>
    </ion-item>
  </ion-list>
  <ion-button expand="block">Pay</ion-button>
  <ion-button color="success" shape="round">Order</ion-button>
  <ion-button color="danger" size="small">Delete</ion-button>
  <ion-button disabled>Return</ion-button>
  <div>
    <ion-chip color="primary"><ion-label>Boots</ion-label></ion-chip>
    <ion-chip outline><ion-label>Sandals</ion-label></ion-chip>
  </div>
  <ion-progress-bar value="0.5"></ion-progress-bar>
  <ion-accordion-group value="care">
    <ion-accordion value="care">
      <ion-item slot="header" color="light"><ion-label>Care</ion-label></ion-item>
      <div class="ion-padding" slot="content">Wax them once a month.</div>
    </ion-accordion>
    <ion-accordion value="returns">
      <ion-item slot="header" color="light"><ion-label>Returns</ion-label></ion-item>
      <div class="ion-padding" slot="content">Within thirty days.</div>
    </ion-accordion>
  </ion-accordion-group>
  <ion-breadcrumbs>
    <ion-breadcrumb href="#home">Home</ion-breadcrumb>
    <ion-breadcrumb href="#women">Women</ion-breadcrumb>
    <ion-breadcrumb>Boots</ion-breadcrumb>
  </ion-breadcrumbs>
`;

const page = /* HTML */ `
  <ion-app>
    ${header}
    <ion-content class="ion-padding">
      <ion-grid>
        <ion-row>
          <ion-col size="12" size-md="6">${profile}</ion-col>
          <ion-col size="12" size-md="6">${messages}</ion-col>
        </ion-row>
      </ion-grid>
    </ion-content>
    <ion-footer>
      <ion-tab-bar selected-tab="home">
        <ion-tab-button tab="home">
          <ion-icon name="home"></ion-icon>
          <ion-label>Home</ion-label>
        </ion-tab-button>
        <ion-tab-button tab="library">
          <ion-icon name="library"></ion-icon>
          <ion-label>Library</ion-label>
        </ion-tab-button>
        <ion-tab-button tab="search">
          <ion-icon name="search"></ion-icon>
          <ion-label>Search</ion-label>
        </ion-tab-button>
      </ion-tab-bar>
    </ion-footer>
  </ion-app>
`;

async function start() {
  initialize({ mode: "md" });
  addIcons({ cart, home, library, menu, search });
  for (const name of new Set(page.match(/(?<=<ion-)[a-z-]+/g))) {
    const component = await import(`./node_modules/@ionic/core/components/ion-${name}.js`);
    component.defineCustomElement();
  }
  document.body.innerHTML = page;
}

start();

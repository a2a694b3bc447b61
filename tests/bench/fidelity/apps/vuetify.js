// Files and reports of an office, in Vue with Vuetify 3.
import "vuetify/styles";
import { createApp } from "vue/dist/vue.esm-bundler.js";
import { createVuetify } from "vuetify";
import * as components from "vuetify/components";
import { aliases, mdi } from "vuetify/iconsets/mdi-svg";

const header = /* HTML */ `
  <v-app-bar color="primary" density="comfortable">
    <v-app-bar-nav-icon></v-app-bar-nav-icon>
    <v-app-bar-title>Office</v-app-bar-title>
    <v-btn>Docs</v-btn>
    <v-btn variant="outlined">Login</v-btn>
    <v-badge content="3" color="error" class="mr-4"><v-avatar color="secondary">AL</v-avatar></v-badge>
  </v-app-bar>
  <v-navigation-drawer permanent width="220">
    <v-list nav density="compact">
      <v-list-item title="Home" active></v-list-item>
      <v-list-item title="Files" subtitle="12 new"></v-list-item>
      <v-divider></v-divider>
      <v-list-subheader>REPORTS</v-list-subheader>
      <v-list-item title="Sales">
        <template #append><v-chip size="x-small">4</v-chip></template>
      </v-list-item>
    </v-list>
  </v-navigation-drawer>
`;

const form = /* HTML */ `
  <v-form>
    <v-text-field label="First name" model-value="Ada"></v-text-field>
    <v-text-field label="E-mail" variant="outlined" hint="Never shared" persistent-hint></v-text-field>
    <v-text-field label="Phone" variant="underlined" error-messages="No number" model-value="none"></v-text-field>
    <v-text-field label="Budget" variant="solo" density="compact" prefix="$" clearable></v-text-field>
    <v-textarea label="Notes" rows="3"></v-textarea>
    <v-select label="State" :items="['California', 'Texas']" model-value="Texas"></v-select>
    <v-autocomplete
      label="Teams"
      chips
      multiple
      :items="teams"
      :model-value="teams"
      variant="outlined"
    ></v-autocomplete>
    <v-file-input label="Picture"></v-file-input>
    <v-checkbox label="Agree" :model-value="true" color="primary"></v-checkbox>
    <v-radio-group inline model-value="post">
      <v-radio label="By mail" value="mail"></v-radio>
      <v-radio label="By post" value="post"></v-radio>
    </v-radio-group>
    <v-switch label="Reminders" :model-value="true" color="success" inset></v-switch>
    <v-switch label="Newsletter"></v-switch>
    <v-slider :model-value="40" color="primary"></v-slider>
    <v-rating :model-value="3"></v-rating>
    <v-btn color="primary" class="mr-2">Save</v-btn>
    <v-btn variant="tonal" class="mr-2">Copy</v-btn>
    <v-btn variant="text" class="mr-2">Cancel</v-btn>
    <v-btn disabled class="mr-2">Archive</v-btn>
    <v-btn-toggle model-value="left" divided>
      <v-btn value="left">Left</v-btn>
      <v-btn value="right">Right</v-btn>
    </v-btn-toggle>
  </v-form>
`;

const lists = /* HTML */ `
  <v-tabs model-value="food" color="primary">
    <v-tab value="food">Food</v-tab>
    <v-tab value="drinks">Drinks</v-tab>
    <v-tab value="tables" disabled>Tables</v-tab>
  </v-tabs>
  <v-data-table :headers="headers" :items="desserts" show-select></v-data-table>
  <v-list lines="two">
    <v-list-item v-for="name in ['Ada', 'Alan']" :key="name" :title="name" subtitle="Sent you a photo">
      <template #prepend><v-avatar color="info">{{ name[0] }}</v-avatar></template>
    </v-list-item>
  </v-list>
  <v-expansion-panels :model-value="0">
    <v-expansion-panel title="Opening hours" text="From nine to five"></v-expansion-panel>
    <v-expansion-panel title="Parking" text="Behind the house"></v-expansion-panel>
  </v-expansion-panels>
  <v-timeline side="end" density="compact">
    <v-timeline-item dot-color="pink" size="small">Signed</v-timeline-item>
    <v-timeline-item size="small">Sent</v-timeline-item>
  </v-timeline>
  <v-chip class="ma-1" color="primary">Open</v-chip>
  <v-chip class="ma-1" closable variant="outlined">Ada</v-chip>
  <v-progress-linear model-value="40" color="teal"></v-progress-linear>
  <v-progress-circular model-value="70"></v-progress-circular>
  <v-pagination :length="6" :model-value="2"></v-pagination>
`;

const template = /* HTML */ `
  <v-app>
    ${header}
    <v-main>
      <v-container>
        <v-breadcrumbs :items="['Home', 'Reports', 'Sales']"></v-breadcrumbs>
        <v-alert type="info" title="Backup" text="It runs at night." closable class="mb-3"></v-alert>
        <v-alert type="error" variant="tonal" border="start" class="mb-3">The printer is out of paper.</v-alert>
        <v-row>
          <v-col cols="12" md="4" v-for="variant in ['elevated', 'outlined', 'tonal']" :key="variant">
            <v-card :variant="variant" title="Quarter" subtitle="January to March" text="All figures are in.">
              <v-card-actions>
                <v-btn color="primary">Open</v-btn>
                <v-btn>Later</v-btn>
              </v-card-actions>
            </v-card>
          </v-col>
        </v-row>
        <v-row>
          <v-col cols="12" md="6">${form}</v-col>
          <v-col cols="12" md="6">${lists}</v-col>
        </v-row>
      </v-container>
    </v-main>
    <v-footer app color="grey-lighten-3">
      ©
      <a href="#imprint" class="ml-2">Imprint</a>
    </v-footer>
  </v-app>
`;

const data = () => ({
  teams: ["Sales", "Support"],
  headers: [
    { title: "Name", key: "name" },
    { title: "Calories", key: "calories", align: "end" },
  ],
  desserts: [
    { name: "Frozen yogurt", calories: 159 },
    { name: "Ice cream", calories: 237 },
    { name: "Eclair", calories: 262 },
  ],
});

const vuetify = createVuetify({ components, icons: { defaultSet: "mdi", aliases, sets: { mdi } } });
createApp({ template, data }).use(vuetify).mount("#root");

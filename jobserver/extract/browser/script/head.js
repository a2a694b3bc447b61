// Rules that belong to no element but that the components need: fonts, keyframes, registered properties.

const MAX_HEAD_RULE = 400000;

/** What is in use: font families in lower case, words of animations, custom properties. */
const inUse = { families: new Set(), animations: new Set(), variables: new Set() };
let loadedFaces = null;

function noteFamilies(value) {
  for (const name of value.split(',')) inUse.families.add(bareName(name));
}

/** Notes what a finished component needs. */
function noteInUse(component, variables) {
  for (const name of variables) inUse.variables.add(name);
  for (const { declarations } of component.nodes.flatMap((node) => node.rules)) {
    for (const [name, value] of Object.entries(declarations)) {
      // A name may also come from a custom property; what no component's css says in the end is left out later.
      if (!/^(?:--|(?:-webkit-)?animation)/.test(name)) continue;
      for (const word of value.split(/[\s,]+/)) inUse.animations.add(word);
    }
  }
}

function bareName(name) {
  return name.trim().replace(/^["']|["']$/g, '').toLowerCase();
}

/** The `@font-face` rules that matter in the sandbox, each a whole rule. */
function fontRules() {
  return fontFaces().filter((face) => isFaceNeeded(face) && holds(face.conditions)).map(({ text }) => text);
}

/** Whole rules, in the order of the page, for what is in use. */
function headRules() {
  const moved = keyframes().filter(({ name }) => inUse.animations.has(name));
  const typed = registered().filter(({ name }) => inUse.variables.has(name));
  const texts = [...fontRules(), ...typed.map(({ text }) => text), ...moved.map(({ text }) => text)];
  return [...new Set(texts)].filter((text) => text.length <= MAX_HEAD_RULE);
}

/** Of a family in many parts, such as one per script, only those that the page has really loaded. */
function isFaceNeeded({ family, weight, style, range }) {
  if (!inUse.families.has(family)) return false;
  loadedFaces ??= facesByFamily();
  return loadedFaces.get(family)?.has(faceKey(weight, style, range)) ?? true;
}

/** Family → keys of its faces that have been loaded. */
function facesByFamily() {
  const found = new Map();
  for (const { family, weight, style, unicodeRange, status } of document.fonts) {
    if (status !== 'loaded') continue;
    const name = bareName(family);
    if (!found.has(name)) found.set(name, new Set());
    found.get(name).add(faceKey(weight, style.toLowerCase(), unicodeRange.toLowerCase()));
  }
  return found;
}

function faceKey(weight, style, range) {
  return [weight.replace('normal', '400').replace('bold', '700'), style, range].join('|');
}

/** Forgets which faces have been loaded: another look may ask for more. */
function renewFaces() {
  loadedFaces = null;
}

// Reads the whole page at its full width, as its rules say it is; what is needed to compare it stays in this world.

const MAX_OUTER = 400;
const MAX_LABEL = 300;
const LEAST_FOR_TOKENS = 0.1;
const elsewhere = document.implementation.createHTMLDocument('');
const warnings = [];
const lapses = []; // what another visit might have had the time or the luck for
let deadline = performance.now() + options.milliseconds;
const state = { elements: new Map(), components: [], width: innerWidth, hasRules: false, changes: null, sandbox: null };
const budget = { elements: options.elements, cut: 0 };
globalThis.jobserver = {
  elements: state.elements, compare: (bounds) => readWide(bounds, state), narrow: (bounds) => readNarrow(bounds, state),
};

function textOf(element) {
  const its = safe(element);
  const secret = its.type === 'password';
  const words = its.innerText || (secret ? '' : its.value) || its.alt || its.placeholder
    || its.getAttribute('aria-label') || its.title || '';
  return String(words).replace(/\s+/g, ' ').trim().slice(0, MAX_LABEL);
}

function outerOf(element) {
  // A copy in the page's own document would be made by the page's scripts, were it a custom element.
  const shallow = safe(elsewhere.importNode(element, false)).outerHTML;
  if (shallow.length > MAX_OUTER) return shallow.slice(0, MAX_OUTER);
  return safe(element).outerHTML.slice(0, MAX_OUTER);
}

/** What is said about one element; null when there is no room for another look. */
async function itemOf(element, kind, box, places) {
  if (!safe(element).isConnected) throw new Error('The page took it away.');
  const look = `${kind}-${await lookOf(element)}`;
  const first = !state.elements.has(look);
  if (first && (state.components.length >= options.components || budget.elements <= 0 || isLate())) return null;
  const item = { kind, look, box, selector: selectorOf(element), text: textOf(element), outerHtml: outerOf(element) };
  const { href } = safe(element);
  if (href && typeof href === 'string') item.href = href;
  if (first) state.components.push(await componentOf(element, look));
  state.elements.set(look, state.elements.get(look) ?? element);
  const parent = parentOf(element, places);
  if (parent !== undefined) item.parent = parent;
  return item;
}

function isLate() {
  return performance.now() > deadline;
}

/** The place of the nearest component around an element. */
function parentOf(element, places) {
  for (let outer = renderedParent(element); outer; outer = renderedParent(outer)) {
    if (places.has(outer)) return places.get(outer);
  }
  return undefined;
}

/** A component whose tree is known, and whose rules are not yet. */
async function componentOf(element, look) {
  const most = Math.min(options.elementsEach, budget.elements);
  const its = { elements: most, cut: false, root: element, used: new Map(), symbols: [] };
  const root = await treeOf(element, its);
  if (its.symbols.length > 0) hideSymbols(root, its.symbols);
  budget.elements -= most - its.elements;
  const component = { look, root, nodes: nodesOf(root), name: `j${state.components.length}`, mode: 'rules', warnings: [] };
  component.nodes.forEach((node, place) => Object.assign(node, { place }));
  if (its.cut) {
    budget.cut += 1;
    component.warnings.push(`It was cut after ${most} elements.`);
  }
  return component;
}

async function findItems() {
  const found = [];
  const places = new Map(); // in the order of `found`
  const missed = { room: 0, read: 0 };
  for (const [element, kind, box] of await pickAll(options.scanned, warnings)) {
    await breathe();
    if (isLate()) {
      missed.room += 1;
      continue;
    }
    try {
      const item = await itemOf(element, kind, box, places);
      if (item) places.set(element, found.push(item) - 1);
      else missed.room += 1;
    } catch {
      missed.read += 1; // whatever is wrong with one element, the others are worth having
    }
  }
  if (missed.read > 0) lapses.push(`Elements that could not be read: ${missed.read}.`);
  if (budget.cut > 0) warnings.push(`Very large components were cut after ${options.elementsEach} elements each: ${budget.cut}.`);
  const [told, reason] = isLate() ? [lapses, 'There was no time for all components']
    : [warnings, `The limit of ${options.components} components was reached`];
  if (missed.room > 0) told.push(`${reason}; elements left out: ${missed.room}.`);
  return withoutGone(found, [...places.keys()]);
}

/** What is still to be seen: of what has gone nobody could tell how it looked, nor find it by its selector. */
function withoutGone(found, elements) {
  const kept = found.filter((item, place) => boxInPage(elements[place]) !== null);
  if (kept.length === found.length) return found;
  const places = new Map(kept.map((item, place) => [item, place]));
  for (const item of kept) {
    let outer = found[item.parent];
    while (outer && !places.has(outer)) outer = found[outer.parent];
    if (outer) item.parent = places.get(outer);
    else delete item.parent;
  }
  const looks = new Set(kept.map(({ look }) => look));
  state.components = state.components.filter(({ look }) => looks.has(look));
  for (const look of [...state.elements.keys()]) if (!looks.has(look)) state.elements.delete(look);
  lapses.push(`Elements that were gone before they could be compared: ${found.length - kept.length}.`);
  return kept;
}

/** The rules of a component; without any it is repaired from nothing. */
async function flattenComponent(component, hasRules) {
  const places = new Map(component.nodes.filter(({ element }) => element).map(({ element, place }) => [element, place]));
  try {
    if (!hasRules) throw new Error('No rules.');
    for (const node of component.nodes) {
      await breatheInTime();
      if (node.element) node.rules = flattenAlike(node.element, places);
    }
    withoutPlace(component.root.rules);
    writeOut(component.root);
    noteInUse(component, settleVariables(component));
  } catch {
    component.mode = 'computed';
    for (const node of component.nodes) node.rules = [];
  }
  for (const node of component.nodes) if (node.element) noteFonts(node, component.mode === 'rules');
}

/** The families of an element and of what is generated in it: icons are often set in a font that nothing else is set in. */
function noteFonts({ element, rules }, isRead) {
  const parts = isRead ? rules.map(({ suffix }) => /::[\w-]+/.exec(suffix)?.[0] ?? null) : PSEUDO;
  for (const part of new Set([null, ...parts])) noteFamilies(getComputedStyle(element, part).fontFamily);
}

/** Whether the page's rules could be read. */
async function hasReadRules() {
  try {
    warnings.push(...await readRules(options.sheets));
    return true;
  } catch {
    lapses.push('The style sheets could not be read; components are as the browser computed their style.');
    return false;
  }
}

/** Without the rules of those that there is no time for. */
async function flattenAll(hasRules) {
  for (const component of state.components) {
    await flattenComponent(component, hasRules);
    if (isLate()) component.isLate = component.mode === 'computed';
  }
  const late = state.components.filter((component) => component.isLate);
  for (const component of late) component.warnings.push('There was no time to read its rules.');
  if (late.length > 0) lapses.push(`There was no time to read the rules of all components; without any: ${late.length}.`);
}

state.hasRules = await hasReadRules();
const found = await findItems();
lookAgain(state.hasRules);
await flattenAll(state.hasRules);
const said = new Map();
const trees = Object.fromEntries(state.components.map(({ look, root, mode, warnings: own }) => (
  [look, { root: plainTree(root, said), mode, warnings: own }])));
const title = document.title.slice(0, MAX_LABEL);
const tokens = await pageTokens(Math.max(deadline, performance.now() + LEAST_FOR_TOKENS * options.milliseconds), lapses);
const rules = plainRules({ rules: [...said.values()].map(({ rule }) => rule) });
return JSON.stringify({ title, found, trees, rules, headCss: headRules(), tokens, answers, warnings, lapses });

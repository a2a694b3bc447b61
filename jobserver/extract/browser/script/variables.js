// Custom properties: those that a component uses come along with it, all others stay behind.

const TAKEN_BACK = /^(?:initial|inherit|unset|revert|revert-layer)$/i;
const USED = /var\(\s*(--[^\s,()]+)/g;

const inheritedBy = new WeakMap();

/** Writes the custom properties that a component takes from around it into its root's rules, and drops those nobody uses;
 * → the names in use.
 */
function settleVariables(component) {
  const { root, nodes } = component;
  const used = usedVariables(nodes);
  const own = new Set(root.rules.filter(isOwn).flatMap(({ declarations }) => Object.keys(declarations)));
  const outer = { base: {}, conditional: [] };
  const outside = root.element && renderedParent(root.element);
  // Names that outer values use are added while the set is walked: it is walked to its end.
  if (outside) for (const name of used) if (!own.has(name)) inherit(name, outside, outer, used);
  const rules = [{ suffix: '', conditions: [], declarations: outer.base }, ...outer.conditional];
  root.rules.unshift(...rules.filter(({ declarations }) => Object.keys(declarations).length > 0));
  joinBases(root);
  for (const node of nodes) node.rules = node.rules.map((rule) => withoutUnused(rule, used));
  return used;
}

function isOwn({ suffix, conditions }) {
  return suffix === '' && conditions.length === 0;
}

/** Writes into a root's rules what it takes from outside by one name. */
function inherit(name, outside, { base, conditional }, used) {
  const known = inheritedBy.get(outside) ?? inheritedBy.set(outside, new Map()).get(outside);
  if (!known.has(name)) known.set(name, inherited(name, outside));
  const found = known.get(name);
  if (found === null) return;
  base[name] = found.value;
  noteUsed(used, found.value);
  for (const { value, conditions } of found.others) {
    noteUsed(used, value);
    conditional.push({ suffix: '', conditions, declarations: { [name]: value } });
  }
}

/** One custom property as it comes from outside: its value there, and what it would be under other conditions; or null. */
function inherited(name, outside) {
  const declared = declaredVariables(name, outside);
  if (declared.length === 0) return null;
  const others = declared.filter(({ conditions, element }) => (
    conditions.length > 0 && element === declared[0].element && conditions.every((each) => each.startsWith('@media'))));
  const plain = declared.find(({ conditions }) => conditions.length === 0);
  const now = variableOf(outside, name);
  // Where what it refers to may change, it goes on referring to it.
  const isMade = plain && others.length === 0 && plain.value.includes('var(');
  // What is empty and what is not there look the same: where it was taken back it is not there.
  if (now === '' && others.length === 0 && TAKEN_BACK.test(plain?.value)) return null;
  const refers = isMade && (now === '' || changesBeneath(plain.value, outside));
  return { value: refers || (plain && others.length > 0) ? plain.value : now, others };
}

/** Whether what a value refers to is declared under any condition, however far away. */
function changesBeneath(value, element, depth = 0) {
  if (depth > 8) return false;
  return [...value.matchAll(USED)].some(([, name]) => declaredVariables(name, element).some((declared) => (
    declared.conditions.length > 0 || changesBeneath(declared.value, declared.element, depth + 1))));
}

/** Two rules without conditions become one, so that later ones have one place to go to. */
function joinBases(node) {
  const bases = node.rules.filter(isOwn);
  if (bases.length < 2) return;
  bases[0].declarations = Object.assign({}, ...bases.map(({ declarations }) => declarations));
  node.rules = node.rules.filter((rule) => rule === bases[0] || !bases.includes(rule));
}

function withoutUnused(rule, used) {
  const declarations = {};
  for (const [name, value] of Object.entries(rule.declarations)) {
    if (!name.startsWith('--') || used.has(name)) declarations[name] = value;
  }
  return { ...rule, declarations };
}

/** The names that declarations and attributes use, and those that their values use, and so on. */
function usedVariables(nodes) {
  const values = new Map();
  const used = new Set();
  for (const { attrs } of nodes) for (const value of Object.values(attrs)) noteUsed(used, value);
  for (const { declarations } of nodes.flatMap((node) => node.rules)) {
    for (const [name, value] of Object.entries(declarations)) {
      if (name.startsWith('--')) values.set(name, [...(values.get(name) ?? []), value]);
      else noteUsed(used, value);
    }
  }
  for (const name of used) for (const value of values.get(name) ?? []) noteUsed(used, value);
  return used;
}

function noteUsed(used, value) {
  if (value.includes('var(')) for (const [, name] of value.matchAll(USED)) used.add(name);
}

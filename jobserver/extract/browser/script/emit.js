// Puts what had to be repaired into the rules, where it has the last word now and nothing to say under other conditions.

const PSEUDO_ELEMENT = /::[\w-]+(?:\([^)]*\))?$/;

/** Fixes of the page as it is: into the last rule that sets the property now, else before all rules; → the nodes changed. */
function settleFixes(component) {
  const changed = component.nodes.filter((node) => Object.keys(node.fixes ?? {}).length > 0);
  for (const node of changed) {
    for (const [pseudo, fixes] of Object.entries(node.fixes)) {
      const first = {};
      for (const [name, value] of Object.entries(fixes)) {
        const rule = node.rules[lastSetting(component, node, pseudo, name)];
        if (rule) delete rule.declarations[name];
        (rule?.declarations ?? first)[name] = value;
      }
      const base = baseOf(node, pseudo);
      base.declarations = { ...first, ...base.declarations };
    }
    node.fixes = {};
  }
  return changed;
}

/** Fixes that only hold under `condition`: right after the last rule that sets the property there. */
function settleConditioned(component, condition) {
  const changed = component.nodes.filter((node) => Object.keys(node.fixes).length > 0);
  for (const node of changed) {
    const added = new Map();
    for (const [pseudo, fixes] of Object.entries(node.fixes)) {
      const base = node.rules.indexOf(baseOf(node, pseudo));
      for (const [name, value] of Object.entries(fixes)) {
        const last = lastSetting(component, node, pseudo, name);
        if (node.rules[last]?.declarations[name] === value) continue; // what was put right before was compared anew
        const after = Math.max(base, last);
        const key = `${after} ${pseudo}`;
        if (!added.has(key)) added.set(key, [after, { suffix: pseudo, conditions: [condition], declarations: {} }]);
        added.get(key)[1].declarations[name] = value;
      }
    }
    for (const [after, rule] of [...added.values()].sort(([a], [b]) => b - a)) node.rules.splice(after + 1, 0, rule);
    node.fixes = {};
  }
  return changed;
}

/** The unconditional rule of a node or of one of its pseudo-elements. */
function baseOf(node, pseudo) {
  const base = node.rules.find((rule) => rule.suffix === pseudo && rule.conditions.length === 0);
  if (base) return base;
  const made = { suffix: pseudo, conditions: [], declarations: {} };
  node.rules.splice(pseudo === '' ? 0 : node.rules.filter(isOwn).length, 0, made);
  return made;
}

/** The place of the last rule that sets a property now; -1 when none does. */
function lastSetting(component, node, pseudo, name) {
  // A side may be said as it lies in the text: `inset-inline-start` has `left`.
  const isSide = (set) => node.element !== null && placesSet(set, node.element).includes(name);
  const isSet = (set) => set === name || covers(set, name) || isSide(set);
  const sets = ({ declarations }) => Object.keys(declarations).some(isSet);
  return node.rules.findLastIndex((rule) => sets(rule) && appliesNow(component, node, pseudo, rule));
}

function appliesNow(component, node, pseudo, rule) {
  const [part = ''] = PSEUDO_ELEMENT.exec(rule.suffix) ?? [];
  if (part !== pseudo || !holds(rule.conditions, node.element)) return false;
  const state = rule.suffix.slice(0, rule.suffix.length - part.length);
  if (state === '') return true;
  try {
    return node.clone.matches(selectorIn(component, node, state));
  } catch {
    return false; // the browser does not know that state, so it never holds
  }
}

/** A rule with what `write` makes of its values. */
function withValues({ suffix, conditions, declarations }, write) {
  const written = Object.entries(declarations).map(([name, value]) => [name, write(value)]);
  return { suffix, conditions, declarations: Object.fromEntries(written) };
}

/** What goes out: the tree without what only matters here. Its rules are added to `said`, where each is once. */
function plainTree(node, said) {
  const children = node.children.map((child) => (typeof child === 'string' ? child : plainTree(child, said)));
  return { tag: node.tag, attrs: node.attrs, rules: placesIn(said, node), children };
}

/** The places of a node's rules in `said`: text → the rule and its place. */
function placesIn(said, { rules }) {
  return rules.filter(saysAny).map((rule) => {
    const { suffix, conditions, declarations } = rule;
    const text = JSON.stringify([suffix, conditions, declarations]);
    if (!said.has(text)) said.set(text, { rule, place: said.size });
    return said.get(text).place;
  });
}

function saysAny({ declarations }) {
  return Object.keys(declarations).length > 0;
}

function plainRules({ rules }) {
  return rules.filter(saysAny).map((rule) => withValues(rule, withLocalUrls));
}

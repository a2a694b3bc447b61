// What the component takes from around it by name: custom properties, fonts, keyframes, registered properties.

const variablesByElement = new WeakMap();
const declaredByElement = new WeakMap();
const customByDeclarations = new WeakMap();
let knownFaces = null;

/** The declarations of a custom property that reach `element` or what it inherits from, the nearest first.
 *
 * Each is `{ element, value, conditions }`. Of one element the unconditional one comes first, then those that may override
 * it, the weakest first. Beyond an unconditional one nothing is inherited, so none follows.
 */
function declaredVariables(name, element) {
  const known = declaredByElement.get(element) ?? declaredByElement.set(element, new Map()).get(element);
  return known.get(name) ?? known.set(name, variablesFrom(element, name)).get(name);
}

function variablesFrom(element, name) {
  const found = [];
  for (let outer = element; outer !== null; outer = renderedParent(outer)) {
    const declared = variablesOf(outer).get(name) ?? [];
    found.push(...declared);
    if (declared.some(({ conditions }) => conditions.length === 0)) break;
  }
  return found;
}

function variablesOf(element) {
  let variables = variablesByElement.get(element);
  if (variables === undefined) {
    variables = new Map();
    for (const { conditions, declarations } of flattened(variableRules(element), element)) {
      for (const [name, value] of Object.entries(declarations)) {
        if (!variables.has(name)) variables.set(name, []);
        variables.get(name).push({ element, value, conditions });
      }
    }
    variablesByElement.set(element, variables);
  }
  return variables;
}

/** The rules of an element itself, with no more than their custom properties. */
function variableRules(element) {
  const own = matchedRules(element, new Map()).filter(({ suffix }) => suffix === '');
  const custom = own.map((rule) => ({ ...rule, declarations: customOf(rule.declarations) }));
  return custom.filter(({ declarations }) => declarations.size > 0);
}

function customOf(declarations) {
  if (!customByDeclarations.has(declarations)) {
    customByDeclarations.set(declarations, new Map([...declarations].filter(([name]) => name.startsWith('--'))));
  }
  return customByDeclarations.get(declarations);
}

/** Every `@font-face`: `{ family, weight, style, range, text, conditions }`, `text` the whole rule. */
function fontFaces() {
  return knownFaces ??= atRules.fonts.map(({ rule, base, conditions }) => {
    const said = (name, initial) => (rule.style.getPropertyValue(name) || initial).trim().toLowerCase();
    const family = rule.style.getPropertyValue('font-family').trim().replace(/^["']|["']$/g, '').toLowerCase();
    const [weight, style] = [said('font-weight', 'normal'), said('font-style', 'normal')];
    const range = said('unicode-range', 'u+0-10ffff');
    return { family, weight, style, range, text: plainValue(rule.cssText, base), conditions };
  });
}

/** The `@keyframes` that count, one for each name: `{ name, text }` (CSS Animations 1: the last one does). */
function keyframes() {
  const winners = new Map();
  for (const { rule, base, layer, tree } of atRules.keyframes) {
    const before = winners.get(rule.name);
    const weaker = before && (tree.depth > before.depth || (tree.depth === before.depth && layer.rank < before.rank));
    if (!weaker) winners.set(rule.name, { rule, base, rank: layer.rank, depth: tree.depth });
  }
  return [...winners].map(([name, { rule, base }]) => ({ name, text: plainValue(rule.cssText, base) }));
}

/** Every `@property`: `{ name, inherits, syntax, initial, text }`; of one name the last. */
function registered() {
  const last = new Map(atRules.properties.map((rule) => [rule.name, rule]));
  return [...last.values()].map((rule) => ({
    name: plainName(rule.name), inherits: rule.inherits, syntax: rule.syntax, initial: rule.initialValue,
    text: plainValue(rule.cssText, document.baseURI),
  }));
}

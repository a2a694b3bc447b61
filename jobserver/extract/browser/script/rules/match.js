// Finds the rules that reach an element.

const MAX_REACHED = 20000;

const hitsByElement = new WeakMap();
const namesByRule = new WeakMap();

/** The pseudo-element of a selector with what follows it, as in `::file-selector-button:hover`; '' where there is none. */
function pseudoOf({ compounds }) {
  const last = compounds.at(-1);
  const at = last.findIndex(isPseudoElement);
  return at < 0 ? '' : last.slice(at).map((simple) => simple.text).join('');
}

function isPseudoElement({ kind, name }) {
  return kind === 'element' && name !== 'slotted' && name !== 'part';
}

/** What is known of an entry once an element may match it. */
function prepared(entry) {
  if (entry.ready !== undefined) return entry.ready;
  const selector = entry.selector ?? parseSelectors(entry.text)[0];
  if (selector === undefined) return (entry.ready = null);
  const pseudo = pseudoOf(selector);
  const last = selector.compounds.at(-1);
  const subject = pseudo === '' ? last : last.slice(0, last.findIndex(isPseudoElement));
  const bare = { ...selector, compounds: [...selector.compounds.slice(0, -1), subject] };
  const scoped = entry.shared.scopes.length > 0;
  const varies = scoped || selectorVaries(bare);
  const elsewhere = scoped || subject.some(({ kind }) => kind === 'element');
  const match = elsewhere ? null : varies ? withoutStates(bare) : selectorText(bare);
  // What is no more than the key it was found under needs no second look.
  const isKey = !scoped && bare.compounds.length === 1 && match === entry.key;
  entry.ready = { bare, pseudo, match, isKey, varies, specificity: specificityOf(selector) };
  return entry.ready;
}

/** The entries that may reach an element, each with how: `{ entry, kind, host, slot }`. */
function hitsOf(element) {
  let hits = hitsByElement.get(element);
  if (hits === undefined) {
    hits = [...findHits(element)];
    hitsByElement.set(element, hits);
  }
  return hits;
}

function* findHits(element) {
  const its = safe(element);
  const root = its.getRootNode();
  const host = root instanceof ShadowRoot ? root.host : null;
  const tree = ruleTrees.get(root);
  if (tree) {
    for (const key of keysFor(element, its)) {
      for (const entry of tree.buckets.get(key) ?? []) {
        const ready = prepared(entry);
        if (ready === null) continue;
        if (ready.isKey || ready.match === null || reaches(ready, element, key, root)) yield { entry, kind: 'own', host };
      }
    }
  }
  if (its.shadowRoot) yield* filedUnder(ruleTrees.get(its.shadowRoot), ':host', { kind: 'own', host: element });
  for (let slot = its.assignedSlot; slot; slot = safe(slot).assignedSlot) {
    const inside = safe(slot).getRootNode();
    yield* filedUnder(ruleTrees.get(inside), '::slotted', { kind: 'slotted', host: inside.host, slot });
  }
  if (host !== null && its.part.length > 0) yield* partHits([...its.part], host);
}

/** Names of all that is said by rules that may reach an element or a part of it, whether they come along or not. */
function namesReaching(element) {
  return new Set(hitsOf(element).flatMap(({ entry: { shared: { rule } } }) => {
    if (!namesByRule.has(rule)) namesByRule.set(rule, [...rule.style]);
    return namesByRule.get(rule);
  }));
}

/** A selector that any element may match is asked for all of them at once: that is ten times as fast. */
function reaches(ready, element, key, root) {
  if (key !== '*') return fits(element, ready.match);
  ready.reached ??= elementsOf(root, ready.match);
  return ready.reached.size > 0 ? ready.reached.has(element) : ready.reached.tooMany && fits(element, ready.match);
}

function elementsOf(root, match) {
  try {
    const found = root.querySelectorAll(match);
    if (found.length <= MAX_REACHED) return new Set(found);
    return Object.assign(new Set(), { tooMany: true });
  } catch {
    return new Set();
  }
}

function* filedUnder(tree, key, how) {
  for (const entry of tree?.buckets.get(key) ?? []) if (prepared(entry) !== null) yield { entry, ...how };
}

/** `::part()` of the tree around the host, and of those further out that the part is handed on to. */
function* partHits(names, host) {
  let known = names;
  for (let outer = host; outer !== null && known.length > 0;) {
    const root = safe(outer).getRootNode();
    const inner = root instanceof ShadowRoot ? root.host : null;
    yield* filedUnder(ruleTrees.get(root), '::part', { kind: 'part', host: inner, slot: outer, names: known });
    const pairs = (safe(outer).getAttribute('exportparts') ?? '').split(',');
    const exported = pairs.map((pair) => pair.split(':').map((name) => name.trim()));
    known = exported.filter(([from]) => known.includes(from)).map(([from, to]) => to ?? from);
    outer = inner;
  }
}

function keysFor(element, its) {
  const keys = ['*', its.localName.toLowerCase()];
  for (const name of new Set(folded(its.getAttribute('class') ?? '').split(/\s+/))) if (name) keys.push(`.${name}`);
  for (const name of its.getAttributeNames()) keys.push(`[${name.toLowerCase()}`);
  const id = its.getAttribute('id');
  if (id) keys.push(folded(`#${id}`));
  if (element === document.documentElement) keys.push(':root');
  return keys;
}

/** `{ condition, hops }`: on which states a hit depends, and how far its scope's root is; null where it misses. */
function resolved({ entry, kind, host, slot, names }, element, places) {
  const { bare, varies } = entry.ready;
  if (entry.shared.scopes.length > 0) return resolvedInScope(entry, element, places, host);
  if (!varies && kind === 'own' && host !== element) return { condition: ALWAYS, hops: 0 };
  const around = { places, host };
  const condition = kind === 'own' ? statesFor(bare, element, around) : conditionThrough(bare, element, slot, names, around);
  return condition.length === 0 ? null : { condition, hops: 0 };
}

/** A condition on a slotted element or a part: the rest of the selector is about the slot, or about the host. */
function conditionThrough(selector, element, through, names, around) {
  const last = selector.compounds.at(-1);
  const at = last.findIndex(({ kind }) => kind === 'element');
  const { name, list, text } = last[at];
  const outside = { places: around.places };
  let condition = ALWAYS;
  if (name === 'part') {
    if (!text.slice(7, -1).trim().split(/\s+/).every((each) => names.includes(each))) return NEVER;
  } else condition = list.reduce((some, each) => either(some, statesFor(each, element, outside)), NEVER);
  for (const simple of last.slice(at + 1)) condition = both(condition, conditionOf(simple, element, outside));
  const rest = { ...selector, compounds: [...selector.compounds.slice(0, -1), last.slice(0, at)] };
  return both(condition, statesFor(rest, through, around));
}

function resolvedInScope(entry, element, places, host) {
  const { scopes } = entry.shared;
  for (const [scope, hops] of scopeRoots(scopes, scopes.length - 1, element)) {
    const condition = statesFor(entry.ready.bare, element, { places, host, scope });
    if (condition.length > 0) return { condition, hops };
  }
  return null;
}

/** The roots of a scope that an element is in, the nearest first, each with its distance. */
function* scopeRoots(scopes, index, element) {
  const { start, end, owner } = scopes[index];
  const path = [];
  for (let root = element, hops = 0; root !== null; root = parentOf(root), hops += 1) {
    path.push(root);
    const begins = start === null ? root === parentOf(owner ?? root) : start.some((each) => fits(root, withoutStates(each)));
    if (!begins || path.some((each) => isLimit(end, each, root))) continue;
    if (index === 0 || !scopeRoots(scopes, index - 1, root).next().done) yield [root, hops];
  }
}

function isLimit(end, element, scope) {
  return end !== null && end.some((each) => statesFor(each, element, { places: new Map(), scope }).length > 0);
}

/** All declarations that reach an element, the weakest first.
 *
 * Each is `{ declarations, important, suffix, pseudo, conditions, layer }`: `declarations` a Map of name to value, `suffix`
 * states and pseudo-element as they follow the element's class. `places`: see `flatten`.
 */
function matchedRules(element, places = new Map([[element, 0]])) {
  const found = [];
  renewSteps();
  for (const hit of hitsOf(element)) {
    const { shared, ready } = hit.entry;
    const reach = resolved(hit, element, places);
    if (reach === null || (ready.pseudo !== '' && !mayHavePseudo(element, ready.pseudo, places, shared))) continue;
    const conditions = conditionsWithin(shared.conditions, element, places, ready.pseudo !== '');
    if (conditions === null) continue;
    const suffix = suffixOf(reach.condition, element, places) + statesLast(ready.pseudo);
    const strength = [shared.tree.depth, 0, shared.layer.rank, ready.specificity, -reach.hops, shared.order];
    addMatched(found, blockOf(shared.rule, shared.base), {
      suffix, pseudo: ready.pseudo, condition: reach.condition, conditions, strength,
    });
  }
  const { style, attributeStyleMap } = safe(element);
  if (style?.length > 0) {
    const depth = ruleTrees.get(safe(element).getRootNode())?.depth ?? 0;
    addMatched(found, readBlock(style, null, document.baseURI, attributeStyleMap), {
      suffix: '', pseudo: '', condition: ALWAYS, conditions: [], strength: [depth, 1, 0, 0, 0, 0],
    });
  }
  return found.sort(byStrength);
}

function addMatched(found, { normal, important }, how) {
  if (normal.size > 0) found.push({ ...how, declarations: normal, important: false, layer: how.strength[2] });
  if (important.size > 0) found.push({ ...how, declarations: important, important: true, layer: how.strength[2] });
}

/** CSS Cascading 6, section 2: importance, tree, style attribute, layer, specificity, scope, order. */
function byStrength(a, b) {
  if (a.important !== b.important) return a.important ? 1 : -1;
  const turn = a.important ? -1 : 1;
  const [x, y] = [a.strength, b.strength];
  return turn * (y[0] - x[0]) || x[1] - y[1] || turn * (x[2] - y[2]) || x[3] - y[3] || x[4] - y[4] || x[5] - y[5];
}

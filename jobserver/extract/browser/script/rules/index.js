// Files rules under what their selectors can be looked up by: ids, classes, tags, attributes.

const QUICK_NAMES = /(::?[\w-]+)|[.#]?[^\s>+~.#:]+/g;
const PLAIN_SELECTORS = /^[^()[\]\\"'&|*]+$/;
const ELSEWHERE = /:(?:root|host|part|slotted)/;
const IGNORES_CASE = document.compatMode === 'BackCompat';
const SIGNS = { id: '#', class: '.', tag: '' };

/** Files a rule under all that its selectors may be looked up by; those that name what the page has not are left out. */
function addDeclarations(rule, place, parents = place.parents) {
  readState.count += 1;
  const { tree } = place;
  let shared = null; // most rules reach nothing on the page
  if (typeof parents === 'string' && PLAIN_SELECTORS.test(parents)) {
    for (const part of parents.split(',')) {
      const text = part.trim();
      const key = quickKey(text, tree);
      if (key !== null) file(tree, key, { shared: (shared ??= sharedBy(rule, place)), text, selector: null, key });
    }
    return;
  }
  shared = sharedBy(rule, place);
  for (const selector of typeof parents === 'string' ? parseSelectors(parents) : parents) {
    if (!isPossible(selector, tree)) continue;
    for (const key of keysOf(selector.compounds.at(-1), tree.counts)) file(tree, key, { shared, text: null, selector, key });
  }
}

/** What all selectors of a rule have in common. */
function sharedBy(rule, { tree, base, conditions, layer, scopes }) {
  return { rule, base, conditions, layer, scopes, tree, order: readState.count };
}

/** How many elements of a tree have each class, id and tag. */
function countNames(root) {
  const counts = new Map();
  const count = (name) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const element of root.querySelectorAll('*')) {
    const its = safe(element);
    count(its.localName.toLowerCase());
    const id = its.getAttribute('id');
    if (id) count(folded(`#${id}`));
    const classes = its.getAttribute('class');
    if (classes) for (const name of folded(classes).split(/\s+/)) if (name) count(`.${name}`);
  }
  return counts;
}

/** What stands in the subject of the selector or before it must be there; a host and its surroundings are elsewhere. */
function isPossible(selector, { counts }) {
  if (names(selector, ({ kind, name }) => kind === 'element' || name.startsWith('host'))) return true;
  return selector.compounds.every((compound) => compound.every(({ kind, name }) => (
    !Object.hasOwn(SIGNS, kind) || counts.has(nameKey(kind, name)))));
}

function file({ buckets }, key, entry) {
  const bucket = buckets.get(key);
  if (bucket === undefined) buckets.set(key, [entry]);
  else bucket.push(entry);
}

/** What `keysOf` says, of a selector without brackets and without taking it apart; null where it cannot match. */
function quickKey(text, tree) {
  if (text.includes(':') && ELSEWHERE.test(text)) return slowKey(text, tree);
  let best = null;
  let end = QUICK_NAMES.lastIndex = 0;
  for (let found = QUICK_NAMES.exec(text); found !== null; found = QUICK_NAMES.exec(text)) {
    if (found.index > end) best = null; // a combinator was between them: what came before is not the subject
    end = QUICK_NAMES.lastIndex;
    const [name, pseudo] = found;
    if (pseudo) continue;
    const key = name[0] === '.' || name[0] === '#' ? folded(name) : name.toLowerCase();
    const count = tree.counts.get(key);
    if (count === undefined) return null;
    if (best === null || count < tree.counts.get(best)) best = key;
  }
  return best ?? '*';
}

function slowKey(text, tree) {
  const [selector] = parseSelectors(text);
  return selector && isPossible(selector, tree) ? keysOf(selector.compounds.at(-1), tree.counts)[0] : null;
}

/** A name of a class or an id as it is compared: in quirks mode its case does not count. */
function folded(name) {
  return IGNORES_CASE ? name.toLowerCase() : name;
}

function nameKey(kind, name) {
  return kind === 'tag' ? name.toLowerCase() : folded(SIGNS[kind] + name);
}

/** Under which keys an element must be known to match a selector at all: `#id`, `.class`, `[name`, `tag`, `*` …
 *
 * `counts`: how many elements have each name; the rarest is the best key.
 */
function keysOf(compound, counts) {
  const beyond = compound.find(({ kind, name }) => kind === 'element' && (name === 'slotted' || name === 'part'));
  if (beyond) return [`::${beyond.name}`];
  if (compound.some(({ kind, name }) => kind === 'pseudo' && (name === 'host' || name === 'host-context'))) return [':host'];
  const named = compound.filter(({ kind }) => Object.hasOwn(SIGNS, kind)).map(({ kind, name }) => nameKey(kind, name));
  const attribute = compound.find(({ kind, varies }) => kind === 'attribute' && !varies);
  const tagOnly = named.length === 1 && compound.some(({ kind }) => kind === 'tag');
  if (named.length > 0 && !(tagOnly && attribute)) {
    return [named.reduce((best, key) => ((counts.get(key) ?? 0) < (counts.get(best) ?? 0) ? key : best))];
  }
  if (attribute) return [`[${attribute.name.toLowerCase()}`];
  if (compound.some(({ kind, name }) => kind === 'pseudo' && name === 'root')) return [':root'];
  for (const { kind, name, list } of compound) {
    if (kind !== 'pseudo' || !ANY_OF.has(name) || list.length === 0) continue;
    const keys = new Set(list.flatMap((each) => keysOf(each.compounds.at(-1), counts)));
    if (!keys.has('*')) return [...keys];
  }
  return ['*'];
}

// A CSS path that leads to exactly one element; `>>>` enters a shadow root.

const LASTING_ID = /^[A-Za-z_][\w-]{0,59}$/;
const MADE_UP_PART = /^(?=\w{6})[a-z]*\d+[a-z]+\d/i;
const BETWEEN_PARTS = /[-_]/;
const MOST_IDS = 10000; // looked at for others that were drawn by lot

const knownPaths = new Map();
const placesOf = new Map();
const onceOnly = new Map();
const madeUpIn = new Map();

function selectorOf(element) {
  const paths = [];
  for (let inner = element; inner; inner = hostOf(inner)) paths.unshift(pathOf(inner));
  return paths.join(' >>> ');
}

function hostOf(element) {
  const root = safe(element).getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

/** The path from the nearest unique id, or from the root of the element's own tree. */
function pathOf(element) {
  const scope = safe(element).getRootNode();
  const line = [];
  for (let current = element; current && !knownPaths.has(current); current = safe(current).parentElement) line.push(current);
  for (const current of line.reverse()) knownPaths.set(current, pathBelow(current, scope));
  const path = knownPaths.get(element);
  // The first step of a shadow root has no parent to say where it begins.
  return scope instanceof ShadowRoot && scope.querySelectorAll(path).length > 1 ? `:host > ${path}` : path;
}

function pathBelow(element, scope) {
  const { parentElement } = safe(element);
  const id = safe(element).getAttribute('id');
  if (isUniqueId(id, scope)) return `#${id}`;
  return parentElement ? `${knownPaths.get(parentElement)} > ${step(element)}` : step(element);
}

/** Whether an id can be relied on: plain, not made up by a framework, and nobody else's. */
function isUniqueId(id, scope) {
  if (!id || !LASTING_ID.test(id) || lotsIn(id).length > 0 || isMadeUp(id, scope)) return false;
  if (!onceOnly.has(scope)) onceOnly.set(scope, new Map());
  const known = onceOnly.get(scope);
  if (!known.has(id)) known.set(id, safe(scope).querySelectorAll(`#${id}`).length === 1);
  return known.get(id);
}

/** Whether some part of an id was drawn by lot: it looks so, or others do that begin like it and are as long. */
function isMadeUp(id, scope) {
  if (!madeUpIn.has(scope)) {
    const named = [...safe(scope).querySelectorAll('[id]')].slice(0, MOST_IDS);
    const ids = named.map((element) => safe(element).getAttribute('id'));
    const lots = ids.filter((each) => LASTING_ID.test(each)).flatMap(idParts).filter(({ part }) => MADE_UP_PART.test(part));
    madeUpIn.set(scope, new Set(lots.map(({ family }) => family)));
  }
  return idParts(id).some(({ family }) => madeUpIn.get(scope).has(family));
}

function idParts(id) {
  const parts = id.split(BETWEEN_PARTS);
  return parts.map((part, place) => (
    { part, family: place === 0 ? part : [...parts.slice(0, place), part.length].join('-') }));
}

function step(element) {
  const name = CSS.escape(safe(element).localName);
  if (element === document.documentElement || element === document.body) return name;
  return `${name}:nth-of-type(${placeOf(element)})`;
}

/** An element's place among its siblings of the same name; counted once for all of them. */
function placeOf(element) {
  if (!placesOf.has(element)) {
    const counts = new Map();
    for (let each = safe(safe(element).parentNode).firstElementChild; each; each = safe(each).nextElementSibling) {
      const { localName } = safe(each);
      counts.set(localName, (counts.get(localName) ?? 0) + 1);
      placesOf.set(each, counts.get(localName));
    }
  }
  return placesOf.get(element);
}

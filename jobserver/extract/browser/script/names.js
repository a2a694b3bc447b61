// Which properties of a component are compared: those that anybody says something about. All others are as at first, in the
// page as in the sandbox.

const innate = new Map(); // what the browser's own sheet knows an element by → the names in which one such is unlike `blank`
// A table's attributes say something of what is in it.
const BY_TABLE = 'table:is([border], [rules], [frame]) :is(td, th, tr, tbody, thead, tfoot, col, colgroup)';
const coveredNames = new Map();
let blank = []; // the values of an empty page

/** Leaves these in `names` of each component, and in `partNames` those of its pseudo-elements. */
async function noteNames(sandbox, components) {
  blank = readValues(sandbox.document.body, null, NAMES);
  for (const component of components) {
    const used = namesSaid(component);
    for (const { node } of levelsOf([component]).flat()) {
      await breatheInTime();
      const isNew = (name) => !used.has(name) && theirValue(node, name) !== blank[INDEX[name]];
      for (const name of namesAbout(node, component)) if (isNew(name)) used.add(name);
    }
    component.names = NAMES.filter((name) => used.has(name) && !COMES_EARLY.has(name));
    component.partNames = [...new Set([...EARLY, 'content', ...component.names])];
  }
}

/** What is said by the rules of a component, or of it by where it stands. */
function namesSaid({ nodes, expected }) {
  const declared = nodes.flatMap(({ rules }) => rules.flatMap(({ declarations }) => Object.keys(declarations)));
  const said = new Set(declared.filter((name) => !name.startsWith('--')));
  const asked = Object.keys(expected).filter((name) => !Object.hasOwn(PLACELESS, name));
  return new Set([...ALWAYS_COMPARED, ...asked, ...[...said].flatMap(namesCovered)]);
}

function namesCovered(name) {
  if (!coveredNames.has(name)) coveredNames.set(name, NAMES.filter((narrow) => narrow === name || covers(name, narrow)));
  return coveredNames.get(name);
}

/** The names in which an original may be unlike an empty page, but for what it inherits within the component.
 *
 * Where it is known who says anything of it, only they are asked: the browser's own sheet, and the page's rules, also those
 * that do not come along, of the state of what it stands in. A root has something from all around it.
 */
function namesAbout(node, component) {
  const key = node === component.root ? null : knownKey(node, component);
  return key === null ? NAMES : [...innateNames(node, key), ...namesReachingAny(node)];
}

/** See `plainKey`; null of what is not explained by its rules. What attributes say in a picture they say in its copy too. */
function knownKey({ element }, { mode }) {
  const key = mode === 'rules' && !safe(element).matches(BY_TABLE) ? plainKey(element) : null;
  return key !== null && element instanceof SVGElement ? element.localName : key;
}

/** Of the first that is known by a key: what its rules say as the page is without any hides what the browser's sheet says. */
function innateNames(original, key) {
  if (!innate.has(key)) {
    const said = new Set(namesReachingAny(original));
    innate.set(key, NAMES.filter((name, index) => said.has(name) || theirValue(original, name) !== blank[index]));
  }
  return innate.get(key);
}

function namesReachingAny({ theirs: { shared }, element }) {
  return shared.reaching ??= [...new Set([...namesReaching(element)].flatMap(namesCovered))];
}

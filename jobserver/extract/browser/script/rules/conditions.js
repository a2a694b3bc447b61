// What must hold besides the selector: media, features, containers.

const EVERY_SCREEN = /^(?:|all|screen|only screen|only all|not print|not speech)$/;
const NO_SCREEN = /^(?:(?:only )?(?:print|speech|tty|tv|projection|handheld|braille|embossed|aural)\b|not (?:all|screen)$)/;
const SIZE_FEATURE = /[(\s](?:(?:min|max)-)?(?:width|height|inline-size|block-size|aspect-ratio|orientation)\b/;
const MEDIA = '@media ';
const CONTAINER = '@container ';
const MAX_PROBED = 20000;

const mediaLists = new Map();
const mediaSeen = new Set();
const containerConditions = [];
let containersNow = null;

/** A media query list without what no screen meets: '' where every screen meets it, null where none does. */
function screenMedia(text) {
  const queries = splitTop(text, ',').filter((query) => !NO_SCREEN.test(query.toLowerCase()));
  if (queries.some((query) => EVERY_SCREEN.test(query.toLowerCase()))) return '';
  return queries.length === 0 ? null : queries.join(', ');
}

/** `conditions` and one more; null where it never holds. */
function withMedia(conditions, text) {
  const media = screenMedia(text);
  if (media === null) return null;
  mediaSeen.add(MEDIA + media);
  return media === '' || conditions.includes(MEDIA + media) ? conditions : [...conditions, MEDIA + media];
}

function withContainer(conditions, text) {
  // In a media query `rem` is the reader's own size of text; here it is the page's.
  const condition = CONTAINER + withoutRootEm(text);
  if (!containerConditions.includes(condition)) containerConditions.push(condition);
  return conditions.includes(condition) ? conditions : [...conditions, condition];
}

/** Whether all conditions hold now. Those on containers are asked about `element`; without one they do not. */
function holds(conditions, element = null) {
  return conditions.every((condition) => {
    if (condition.startsWith(MEDIA)) return mediaHolds(condition.slice(MEDIA.length));
    if (condition.startsWith(CONTAINER)) return element !== null && containerHolds(condition, containerOf(element, condition));
    return condition.startsWith('@supports ') && CSS.supports(condition.slice(10));
  });
}

/** Every `@media` of the page that may hold on some screen. */
function mediaConditions() {
  return [...mediaSeen];
}

function mediaHolds(text) {
  const list = mediaLists.get(text) ?? mediaLists.set(text, matchMedia(text)).get(text);
  return list.matches;
}

/** The conditions on an element of the component; null where one cannot hold.
 *
 * A container outside the component is not there to be asked later: what it says now stays said.
 */
function conditionsWithin(conditions, element, places, hasPseudo) {
  const kept = [];
  for (const condition of conditions) {
    if (!condition.startsWith(CONTAINER)) kept.push(condition);
    else {
      const container = containerOf(element, condition, hasPseudo);
      if (places.has(container)) kept.push(condition);
      else if (!containerHolds(condition, container)) return null;
    }
  }
  return kept;
}

/** The nearest ancestor that a condition asks; of a pseudo-element it may be the element itself (CSS Containment 3). */
function containerOf(element, condition, hasPseudo = false) {
  const [, name] = /^@container\s+(?!not\b|and\b|or\b|style\(|scroll-state\()([^\s(]*)/.exec(condition) ?? [];
  const asksSize = SIZE_FEATURE.test(condition.replace(/style\([^)]*\)/g, ''));
  let other = hasPseudo ? element : renderedParent(element);
  while (other !== null) {
    const { containerName, containerType } = getComputedStyle(other);
    const sized = !asksSize || /size/.test(containerType);
    if (sized && (!name || containerName.split(' ').includes(name))) return other;
    other = renderedParent(other);
  }
  return null;
}

function containerHolds(condition, container) {
  if (container === null) return false;
  if (containersNow === null || containersNow.width !== innerWidth) containersNow = { width: innerWidth, known: new Map() };
  const { known } = containersNow;
  if (!known.has(container)) probe(container, known);
  return known.get(container)?.has(condition) ?? false;
}

/** Asks the browser which conditions hold inside a container and inside all others of its tree.
 *
 * A sheet that says so in custom properties is there for a moment only: no script of the page runs meanwhile, and nothing
 * of the page's own is touched.
 */
function probe(container, known) {
  const root = (safe(container).shadowRoot ?? safe(container).getRootNode());
  const sheet = new CSSStyleSheet();
  const name = (index) => `--jobserver-container-${index}`;
  const asked = containerConditions.map((condition, index) => `*{${name(index)}:0}${condition}{*{${name(index)}:1}}`);
  sheet.replaceSync(asked.join(''));
  root.adoptedStyleSheets.push(sheet);
  try {
    for (const outer of [container, ...containersOf(root)]) {
      const inner = (safe(outer).shadowRoot ?? safe(outer)).firstElementChild;
      if (inner === null || known.has(outer)) continue;
      const style = getComputedStyle(inner);
      known.set(outer, new Set(containerConditions.filter((_, index) => style.getPropertyValue(name(index)) === '1')));
    }
  } finally {
    root.adoptedStyleSheets.splice(root.adoptedStyleSheets.indexOf(sheet), 1);
  }
}

function containersOf(root) {
  return [...root.querySelectorAll('*')].slice(0, MAX_PROBED)
    .filter((element) => getComputedStyle(element).containerType !== 'normal' && !safe(element).shadowRoot);
}

// Which elements of the page are components, and of which kind: by name (tag, role, class), then by shape.
// Names are those of the table NAMING; the shapes are a hero, and repeated siblings: lists and their cards.

const HTML = 'http://www.w3.org/1999/xhtml';
const HEADINGS = 'h1, h2, h3, h4, h5, h6';
const MAX_ITEMS = 1000;
const MAX_PROSE = 600;
const MAX_HERO = 80;
const NOT_IN_HERO = 'nav, main, footer, table, article, dialog';
const FIELDS = 'input:not([type=hidden]), select, textarea';
const SEEN_ALONE = `img, picture, svg, video, canvas, iframe, progress, meter, button, ${FIELDS}`;

const NOT_LISTS = new Set(NAMING.notLists);
const NOT_ITEMS = new Set(NAMING.notItems);
const ITEMS = new Set(NAMING.items);
const BUTTON_CLASS = new RegExp(`^(?:${NAMING.buttonClass})$`, 'i');
const BY_CLASS = NAMING.classes.map(([kind, pattern, tags, painted]) => (
  { kind, pattern: new RegExp(`^(?:${pattern})$`, 'i'), tags: tags && tags.split(' '), painted }
));
const BY_LABEL = NAMING.labels.map(([kind, pattern]) => [kind, new RegExp(pattern, 'i')]);
const TEXTS = new Set(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
const ALONE = new Set(NAMING.alone);
const NARROWER = new Set(NAMING.narrower);
const NAVIGATIONS = new Set(['nav', 'ul', 'ol']);

/** Every HTML element in document order, open shadow roots included, at most `limit` of them. */
function* everyElement(root, limit) {
  const rest = [];
  pushChildren(rest, root);
  for (let count = 0; rest.length > 0 && count < limit; count += 1) {
    const element = rest.pop();
    const { namespaceURI, shadowRoot } = safe(element);
    if (namespaceURI !== HTML) continue;
    yield element;
    pushChildren(rest, element);
    if (shadowRoot) pushChildren(rest, shadowRoot);
  }
}

/** Last child first. One by one: as arguments of one call, very many children would not fit on the stack. */
function pushChildren(rest, parent) {
  for (let child = safe(parent).lastElementChild; child; child = safe(child).previousElementSibling) rest.push(child);
}

/** The kind that an element's tag, role, label or class names give it, or null. */
function namedKind(element) {
  const its = safe(element);
  const tag = its.localName;
  const role = (its.getAttribute('role') ?? '').trim().toLowerCase().split(/\s+/)[0];
  if (tag === 'input') return its.type === 'hidden' ? null : its.type === 'image' ? 'button' : 'input';
  if (tag === 'a') return linkKind(element, role);
  if (NAMING.basic.includes(tag)) return tag;
  if (role === 'none' || role === 'presentation') return null;
  const byLabel = NAVIGATIONS.has(tag) || role === 'navigation' ? labelKind(its) : null;
  const byRole = Object.hasOwn(NAMING.roles, role) ? NAMING.roles[role] : null;
  const found = byLabel ?? (byRole && byRole !== NAMING.tags[tag] ? byRole : classKind(element)) ?? byRole;
  if (found) return found;
  return Object.hasOwn(NAMING.tags, tag) && !isClosed(its, tag) ? NAMING.tags[tag] : null;
}

function isClosed(its, tag) {
  if (tag === 'dialog') return !its.open;
  return NAMING.tags[tag] === 'list' && its.childElementCount === 0;
}

function linkKind(element, role) {
  const its = safe(element);
  const names = classNames(its);
  if (role === 'button' || names.some((name) => BUTTON_CLASS.test(name))) return 'button';
  if (classKind(element) === 'card') return 'card';
  return its.hasAttribute('href') || role === 'link' ? 'a' : null;
}

/** Breadcrumbs and pagination say what they are to those who cannot see them. */
function labelKind(its) {
  const label = its.getAttribute('aria-label') ?? '';
  return BY_LABEL.find(([, pattern]) => pattern.test(label))?.[0] ?? null;
}

const splitClasses = new Map();

/** The class names of an element, in order of their letters. */
function classNames(its) {
  const written = its.getAttribute('class');
  if (!written) return [];
  if (!splitClasses.has(written)) splitClasses.set(written, written.split(/\s+/).filter(Boolean).sort());
  return splitClasses.get(written);
}

const meanings = new Map();

/** The kinds that a list of class names may mean, each with the tags it is for. */
function meaningsOf(names) {
  if (!meanings.has(names)) {
    meanings.set(names, BY_CLASS.filter(({ pattern }) => names.some((name) => pattern.test(name))));
  }
  return meanings.get(names);
}

/** The kind that class names give an element whose content fits it, or null. */
function classKind(element) {
  const its = safe(element);
  const names = classNames(its);
  if (names.length === 0) return null;
  const tag = its.localName;
  const kept = Object.hasOwn(NAMING.kept, tag) ? NAMING.kept[tag].split(' ') : null;
  for (const { kind, tags, painted } of meaningsOf(names)) {
    const isMeant = (!tags || tags.includes(tag)) && (!kept || kept.includes(kind)) && (!painted || isPainted(element));
    if (isMeant && fits(kind, element)) return kind;
  }
  return null;
}

function fits(kind, element) {
  const its = safe(element);
  if (kind === 'progress' || kind === 'avatar') return its.querySelectorAll('*').length <= 10;
  const { length } = its.textContent.trim();
  if (kind === 'badge') return length > 0 && length <= 40 && its.childElementCount <= 2;
  if (kind === 'hero') return its.querySelector(HEADINGS) !== null;
  if (kind === 'tabs' || kind === 'pagination') return its.querySelectorAll('a, button, li, label, [role=tab]').length > 0;
  if (kind === 'toolbar' || kind === 'list' || kind === 'menu' || kind === 'steps') return its.childElementCount > 1;
  if (kind === 'alert') return length > 0;
  return its.childElementCount > 0 && (length > 0 || its.querySelector(SEEN_ALONE) !== null);
}

/** Whether an element has an edge or a ground of its own. */
function isPainted(element) {
  const style = getComputedStyle(element);
  if (style.backgroundColor !== 'rgba(0, 0, 0, 0)' || style.backgroundImage !== 'none' || style.boxShadow !== 'none') return true;
  return ['Top', 'Right', 'Bottom', 'Left'].some((side) => style[`border${side}Width`] !== '0px');
}

function isShown(element) {
  return safe(element).checkVisibility({ opacityProperty: true, visibilityProperty: true });
}

function shownChildren(element) {
  return [...safe(element).children].filter(isShown);
}

/** The one child that is all an element shows, or null. */
function onlyChild(element) {
  const its = safe(element);
  if (its.childElementCount === 0 || its.childElementCount > 20 || its.shadowRoot || hasOwnText(its)) return null;
  const shown = shownChildren(element);
  return shown.length === 1 ? shown[0] : null;
}

function hasOwnText(its) {
  for (let node = its.firstChild; node; node = safe(node).nextSibling) {
    if (node instanceof Text && /\S/.test(node.data)) return true;
  }
  return false;
}

/** All of the page around its first heading alone, when it has something to do there; or null. */
function findHero() {
  const heading = [...document.querySelectorAll('h1')].find(isTitle) ?? null;
  if (heading === null || isTitleBar(safe(heading).parentElement)) return null;
  let hero = null;
  for (let part = safe(heading).parentElement; part && isAboutOne(part); part = safe(part).parentElement) hero = part;
  if (hero === null || visibleBox(hero) === null) return null;
  return [...safe(hero).querySelectorAll('a, button, [role=button]')].some(isAction) ? hero : null;
}

function isTitle(heading) {
  return !classNames(safe(heading)).some((name) => NAMING.forReaders.includes(name)) && visibleBox(heading) !== null;
}

/** A heading in one row with what can be done is the title of a tool. */
function isTitleBar(parent) {
  const style = getComputedStyle(parent);
  return style.display.endsWith('flex') && style.flexDirection.startsWith('row');
}

/** Whether a part of the page has one large heading, and nothing that belongs to a whole page. */
function isAboutOne(part) {
  const its = safe(part);
  if (!['section', 'header', 'div'].includes(its.localName)) return false;
  if (![null, 'header', 'hero'].includes(namedKind(part)) || its.querySelector(NOT_IN_HERO) !== null) return false;
  if (its.querySelectorAll('*').length >= MAX_HERO) return false;
  return [...its.querySelectorAll('h1, h2')].filter((heading) => visibleBox(heading) !== null).length === 1;
}

function isAction(element) {
  return namedKind(element) === 'button' && visibleBox(element) !== null;
}

function signature(element) {
  const its = safe(element);
  return `${its.localName}.${classNames(its).join('.')}`;
}

/** The children that make a parent a list: three or more of one signature, and most of all it shows. */
function equalChildren(parent) {
  const { localName, childElementCount } = safe(parent);
  if (childElementCount < 3 || childElementCount > MAX_ITEMS || NOT_LISTS.has(localName)) return [];
  const children = shownChildren(parent);
  if (children.length < 3) return [];
  const groups = Map.groupBy(children, signature);
  const most = [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a));
  return most.length >= 3 && most.length >= children.length * 0.6 && areItems(most) ? most : [];
}

/** Long texts are chapters, fields are parts of a form, and what is empty divides. */
function areItems(children) {
  const { localName, classList } = safe(children[0]);
  if (!ITEMS.has(localName) && (classList.length === 0 || NOT_ITEMS.has(localName))) return false;
  const most = (wanted) => children.filter(wanted).length * 2 > children.length;
  if (!most((child) => hasContent(safe(child))) || most((child) => safe(child).querySelector(FIELDS) !== null)) return false;
  if (localName === 'li' || localName === 'article') return true;
  const long = children.reduce((total, child) => total + safe(child).textContent.trim().replace(/\s+/g, ' ').length, 0);
  return long <= MAX_PROSE * children.length;
}

function hasContent(its) {
  return /\S/.test(its.textContent) || its.querySelector(SEEN_ALONE) !== null;
}

/** A heading with more, or a picture with words. */
function isCardLike(element) {
  const its = safe(element);
  const { length } = its.textContent.trim();
  if (length === 0 || its.querySelectorAll('*').length < 2) return false;
  if (its.querySelector('img, picture, video') !== null) return true;
  const heading = its.querySelector(HEADINGS);
  return heading !== null && safe(heading).textContent.trim().length < length;
}

/** What is left of a repeated block without the boxes around it that nobody sees: the column of a grid, say. */
function innermost(element) {
  let inner = element;
  for (let next = element; next !== null && !TEXTS.has(safe(next).localName);) {
    inner = next;
    next = namedKind(inner) || isPainted(inner) ? null : onlyChild(inner);
  }
  return inner;
}

/** Repeated blocks are cards when they look like it, and make their parent a list. */
function nameChildren(element, kinds, cards) {
  const equal = equalChildren(element);
  if (equal.length === 0) return;
  if (!kinds.has(element)) kinds.set(element, 'list');
  const alike = equal.map(innermost).filter(isCardLike);
  if (alike.length * 2 <= equal.length) return;
  for (const inner of alike) if ([null, 'a'].includes(namedKind(inner))) cards.add(inner);
}

/** Whether another component says all that this one would: what it alone fills, or what alone fills it. */
function isDoubled(element, kind, kinds) {
  if (kind === 'nav') {
    let inner = onlyChild(element);
    while (inner && !kinds.has(inner)) inner = onlyChild(inner);
    if (inner && NARROWER.has(kinds.get(inner))) return true;
  }
  let outer = safe(element).parentElement;
  for (let inner = element; outer && onlyChild(outer) === inner; outer = safe(outer).parentElement) {
    const around = kinds.get(outer);
    if (around) return around === kind || (kind === 'list' && ALONE.has(around));
    inner = outer;
  }
  return false;
}

function holdsThePage(element) {
  return safe(element).querySelector('main') !== null;
}

/** [element, kind, box] of every visible component in document order. */
async function pickAll(limit, warnings) {
  const kinds = new Map();
  const cards = new Set();
  const hero = findHero();
  let seen = 0;
  for (const element of everyElement(document, limit)) {
    seen += 1;
    await breathe();
    const named = namedKind(element);
    const kind = cards.has(element) ? 'card' : element === hero && [null, 'header'].includes(named) ? 'hero' : named;
    if (kind) kinds.set(element, kind);
    nameChildren(element, kinds, cards);
  }
  if (seen >= limit) warnings.push(`The page has more than ${limit} elements; only the first were looked at.`);
  const found = [];
  for (const [element, kind] of kinds) {
    await breathe();
    const box = isDoubled(element, kind, kinds) || holdsThePage(element) ? null : visibleBox(element);
    if (box) found.push([element, kind, box]);
  }
  return found;
}

// Which elements of the page are components, and of which kind: tag and ARIA role first, then well-known class names,
// then shape (a hero, cards and lists without a name).

const BY_TAG = {
  button: 'button', select: 'select', textarea: 'textarea', label: 'label', img: 'img', nav: 'nav', header: 'header',
  footer: 'footer', form: 'form', table: 'table', details: 'details', article: 'article', aside: 'aside',
  figure: 'figure', fieldset: 'fieldset', dialog: 'dialog',
};
const BY_ROLE = {
  button: 'button', navigation: 'nav', banner: 'header', contentinfo: 'footer', form: 'form', search: 'form',
  table: 'table', grid: 'table', dialog: 'dialog', alertdialog: 'dialog', article: 'article', complementary: 'aside',
  figure: 'figure', radiogroup: 'fieldset', tablist: 'tabs', alert: 'alert', img: 'img', list: 'list',
  textbox: 'input', searchbox: 'input', checkbox: 'input', switch: 'input', radio: 'input', combobox: 'select',
};
const BUTTON_CLASS = /^(?:btn|button|cta)$|^(?:btn|button)[-_]|[-_](?:btn|button)$/i;
const BY_CLASS = [
  ['breadcrumb', /^(?:breadcrumbs?|crumbs)$/i],
  ['pagination', /^(?:pagination|pager|paginator)$/i],
  ['tabs', /^(?:tabs|tablist|tab-list|nav-tabs|nav-pills|tab-bar|tabbar)$/i],
  ['alert', /^(?:alert|callout|admonition|notification|notice|toast|message-box)$/i],
  ['badge', /^(?:badge|chip|tag|pill)$/i],
  ['hero', /^(?:hero|jumbotron|masthead)$/i],
  ['card', /^(?:card|panel|tile)$|[-_](?:card|tile)$/i],
];
const ACTION = 'a[href], button, [role=button], input[type=submit]';
const REPEATABLE = new Set(['li', 'article', 'section', 'figure']);
const NOT_LISTS = new Set(['html', 'body', 'p', 'select', 'tbody', 'thead', 'tfoot', 'tr', 'dl', 'svg', 'pre', 'code', 'span',
  'a', 'button', 'label', 'dd', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
const NOT_ITEMS = new Set(['p', 'br', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'a', 'span', 'em', 'strong', 'b', 'i', 'code', 'pre',
  'script', 'style', 'link', 'img', 'button', 'input', 'label', 'option', 'dt', 'dd', 'td', 'th', 'tr', 'col']);

/** Every element in document order, open shadow roots included, at most `limit` of them. */
function* everyElement(root, limit) {
  const rest = [];
  pushChildren(rest, root);
  for (let count = 0; rest.length > 0 && count < limit; count += 1) {
    const element = rest.pop();
    yield element;
    const { namespaceURI, shadowRoot } = safe(element);
    if (namespaceURI !== 'http://www.w3.org/1999/xhtml') continue;
    pushChildren(rest, element);
    if (shadowRoot) pushChildren(rest, shadowRoot);
  }
}

/** Last child first. One by one: as arguments of one call, very many children would not fit on the stack. */
function pushChildren(rest, parent) {
  for (let child = safe(parent).lastElementChild; child; child = safe(child).previousElementSibling) rest.push(child);
}

/** The kind that an element's tag, role or class names give it, or null. */
function namedKind(element) {
  const its = safe(element);
  const tag = its.localName;
  const role = (its.getAttribute('role') || '').trim().toLowerCase().split(/\s+/)[0];
  if (tag === 'input') return its.type === 'hidden' ? null : 'input';
  const classes = [...its.classList];
  if (tag === 'a') {
    if (role === 'button' || classes.some((name) => BUTTON_CLASS.test(name))) return 'button';
    return its.hasAttribute('href') ? 'a' : null;
  }
  if (tag === 'button' && role !== 'tab') return 'button';
  const narrower = narrowerKind(element, tag, role);
  if (narrower) return narrower;
  if (role && Object.hasOwn(BY_ROLE, role)) return BY_ROLE[role];
  if (Object.hasOwn(BY_TAG, tag)) return tag === 'dialog' && !its.open ? null : BY_TAG[tag];
  if (its.namespaceURI !== 'http://www.w3.org/1999/xhtml') return null;
  const byClass = BY_CLASS.find(([kind, pattern]) => classes.some((name) => pattern.test(name)) && fits(kind, element));
  if (byClass) return byClass[0];
  return (tag === 'ul' || tag === 'ol') && its.childElementCount > 1 ? 'list' : null;
}

/** Breadcrumbs, pagination and tabs are more than the `nav` or list that they usually are as well. */
function narrowerKind(element, tag, role) {
  const its = safe(element);
  const label = its.getAttribute('aria-label') || '';
  if (tag === 'nav' || role === 'navigation' || tag === 'ul' || tag === 'ol') {
    if (/breadcrumb/i.test(label)) return 'breadcrumb';
    if (/pagination|\bpages?\b/i.test(label)) return 'pagination';
    const own = BY_CLASS.slice(0, 3).find(([, pattern]) => [...its.classList].some((name) => pattern.test(name)));
    if (own) return own[0];
  }
  return null;
}

function fits(kind, element) {
  const { childElementCount, textContent } = safe(element);
  const { length } = textContent.trim();
  if (kind === 'badge') return length > 0 && length <= 30 && childElementCount <= 2;
  if (kind === 'card') return childElementCount > 0 && length > 0;
  return length > 0;
}

/** The part at the top of the page that has its first large heading and something to do; or null. */
function findHero() {
  for (const heading of document.querySelectorAll('h1, h2')) {
    const box = visibleBox(heading);
    if (box === null) continue;
    if (box.y > innerHeight) return null;
    for (let part = heading.parentElement; part && part !== document.body; part = safe(part).parentElement) {
      if (safe(part).localName === 'main' || safe(part).querySelector('main, footer, table') !== null) break;
      const whole = visibleBox(part);
      if (whole === null || whole.height > innerHeight) break;
      const large = whole.width >= innerWidth * 0.6 && whole.height >= 200;
      if (large && [...safe(part).querySelectorAll(ACTION)].some((action) => isButtonLike(action) && visibleBox(action))) return part;
    }
    return null;
  }
  return null;
}

/** A link in running text is no call to action; one that is made to look like a button is. */
function isButtonLike(element) {
  if (safe(element).localName !== 'a' || namedKind(element) === 'button') return true;
  const style = getComputedStyle(element);
  const filled = style.backgroundColor !== 'rgba(0, 0, 0, 0)' || style.backgroundImage !== 'none' || style.borderTopStyle !== 'none';
  return filled && style.paddingLeft !== '0px';
}

function signature(element) {
  const { localName, classList } = safe(element);
  return `${localName}.${[...classList].sort().join('.')}`;
}

/** The children that make a parent a list: three or more of one signature, and most of all its children. */
function equalChildren(parent) {
  const { localName, childElementCount } = safe(parent);
  if (NOT_LISTS.has(localName) || childElementCount < 3 || childElementCount > 1000) return [];
  const children = [...safe(parent).children];
  const groups = Map.groupBy(children, signature);
  const most = [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a));
  const item = safe(most[0]);
  const isItem = REPEATABLE.has(item.localName) || (item.classList.length > 0 && !NOT_ITEMS.has(item.localName));
  return isItem && most.length >= 3 && most.length >= children.length * 0.6 ? most : [];
}

function isCardLike(element) {
  const box = visibleBox(element);
  return box !== null && box.width >= 100 && box.height >= 80 && box.width < innerWidth * 0.9
    && safe(element).querySelector('h1, h2, h3, h4, h5, h6, img, picture, svg') !== null && safe(element).textContent.trim().length > 10;
}

/** [element, kind, box] of every visible component in document order. */
async function pickAll(limit, warnings) {
  const kinds = new Map();
  const hero = findHero();
  let seen = 0;
  for (const element of everyElement(document, limit)) {
    seen += 1;
    await breathe();
    const kind = namedKind(element) || (element === hero ? 'hero' : kinds.get(element));
    if (kind) kinds.set(element, kind);
    nameChildren(element, kinds);
  }
  if (seen >= limit) warnings.push(`The page has more than ${limit} elements; only the first were looked at.`);
  const found = [];
  for (const element of everyElement(document, limit)) {
    await breathe();
    const kind = kinds.get(element);
    const box = kind && !isDoubled(element, kind, kinds) ? visibleBox(element) : null;
    if (box) found.push([element, kind, box]);
  }
  return found;
}

/** Repeated blocks are cards when they look like it; their parent is a list. */
function nameChildren(element, kinds) {
  const equal = equalChildren(element);
  if (equal.length === 0) return;
  if (!kinds.has(element)) kinds.set(element, 'list');
  if (equal.filter(isCardLike).length * 2 > equal.length) {
    for (const child of equal) if (!namedKind(child)) kinds.set(child, 'card');
  }
}

/** The only child that is what its parent is, or the list that a navigation consists of, says nothing more. */
function isDoubled(element, kind, kinds) {
  const parent = safe(element).parentElement;
  if (parent === null || safe(parent).childElementCount > 1) return false;
  const outer = kinds.get(parent);
  return outer === kind || (kind === 'list' && ['nav', 'breadcrumb', 'pagination', 'tabs'].includes(outer));
}

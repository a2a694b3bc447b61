// A component as a tree of plain nodes: the page as it is rendered, shadow roots and slots flattened, addresses absolute.

const SVG = 'http://www.w3.org/2000/svg';
const HTML = 'http://www.w3.org/1999/xhtml';
const UNSEEN_BUT_KEPT = new Set(['option', 'optgroup', 'datalist', 'area', 'map', 'col', 'colgroup', 'wbr', 'br', 'rp']);
const WITHOUT_CHILDREN = new Set(['img', 'iframe', 'textarea', 'video', 'audio']);
const URL_ATTRIBUTES = new Set(['href', 'src', 'action', 'formaction', 'poster', 'cite', 'xlink:href', 'background']);
const LEFT_OUT = /^(?:on.*|style|loading|nonce|integrity|slot|part|is|popover|autofocus|inert)$/;
// What looks do not survive as attributes are left to the css.
const PRESENTATIONAL = new RegExp(`^(?:${[
  'align|background|bgcolor|border|clear|color|compact|face|hspace|noshade|nowrap|size|text|valign|vspace',
].join('|')})$`);
const PRESENTED = /^(?:col|colgroup|hr|input|select|table|tbody|td|tfoot|th|thead|tr)$/;
const MAX_DEPTH = 60;
const MAX_TEXT = 20000;
const MAX_PICTURE = 200000;
const MAX_HIDDEN = 40;
const { html: HTML_TAGS, blocks: BLOCK_TAGS, removed: REMOVED_TAGS } = Object.fromEntries(
  Object.entries(options.tags).map(([kind, names]) => [kind, new Set(names)]));
const SVG_TAGS = new Set(options.tags.svg);

function childNodesOf(element) {
  const its = safe(element);
  const slotted = its.localName === 'slot' && its.assignedNodes().length > 0 ? its.assignedNodes() : null;
  return slotted ?? [...(its.shadowRoot ?? its).childNodes];
}

function isRendered(node) {
  if (!(node instanceof Element)) return false;
  const { localName, namespaceURI } = safe(node);
  if (namespaceURI === SVG || UNSEEN_BUT_KEPT.has(localName)) return true;
  return !REMOVED_TAGS.has(localName) && getComputedStyle(node).display !== 'none';
}

/** Whether a screen of another width would show what this one hides. */
function isShownElsewhere(node) {
  if (!(node instanceof Element) || safe(node).namespaceURI !== HTML || REMOVED_TAGS.has(safe(node).localName)) return false;
  if (safe(node).querySelectorAll('*').length > MAX_HIDDEN) return false;
  const atWidths = ({ conditions, declarations }) => (
    declarations.has('display') && conditions.some((condition) => /^@(?:media|container)/.test(condition)));
  return matchedRules(node).some((rule) => !/::/.test(rule.suffix) && atWidths(rule));
}

/** The tree of an element, of at most `budget.elements` elements; `budget.cut` says whether that was too few. */
async function treeOf(element, budget, depth = 0, hidden = false) {
  await breathe();
  budget.elements -= 1;
  const tag = plainTag(element);
  const node = { tag, element, hidden, attrs: attributesOf(element, tag), rules: [], children: [] };
  const { localName } = safe(element);
  if (localName === 'textarea') node.children.push(element.value);
  else if (!WITHOUT_CHILDREN.has(tag)) await addChildren(element, node, budget, depth);
  if (localName === 'use') await addUsed(element, budget, depth, node);
  return node;
}

async function addChildren(element, node, budget, depth) {
  for (const child of childNodesOf(element)) {
    if (child instanceof Text) {
      if (child.data !== '') node.children.push(child.data.slice(0, MAX_TEXT));
      continue;
    }
    const rendered = isRendered(child);
    if (!rendered && (node.hidden ? !isContent(child) : !isShownElsewhere(child))) continue;
    if (plainTag(child) === null) continue;
    if (budget.elements > 0 && depth < MAX_DEPTH) {
      node.children.push(await treeOf(currentSource(child), budget, depth + 1, node.hidden || !rendered));
    } else budget.cut = true;
  }
}

function isContent(node) {
  return node instanceof Element && !REMOVED_TAGS.has(safe(node).localName);
}

/** A picture is the image that it shows. */
function currentSource(element) {
  return safe(element).localName === 'picture' ? element.querySelector('img') ?? element : element;
}

/** The element that stands for this one in the snippet; null when nothing may. */
function plainTag(element) {
  const { localName: tag, namespaceURI } = safe(element);
  if (namespaceURI === SVG) return SVG_TAGS.has(tag) ? tag : null;
  if (tag === 'canvas' || (tag === 'video' && element.poster)) return 'img';
  if (HTML_TAGS.has(tag)) return tag;
  return BLOCK_TAGS.has(tag) ? 'div' : 'span';
}

function attributesOf(element, tag) {
  const attrs = {};
  const { attributes, localName, namespaceURI } = safe(element);
  const keepsLooks = namespaceURI === SVG || PRESENTED.test(localName);
  for (const { name, value } of attributes) {
    if (LEFT_OUT.test(name) || (!keepsLooks && PRESENTATIONAL.test(name))) continue;
    if (name === 'srcset' || name === 'imagesrcset') attrs.srcset = absoluteSet(value);
    else attrs[name] = URL_ATTRIBUTES.has(name) ? absolute(value) : withLocalUrls(value);
  }
  if (namespaceURI === HTML) liveState(element, attrs);
  if (localName === 'img') pictureOf(element, attrs);
  if (localName === 'canvas') attrs.src = pictureOfCanvas(element);
  if (localName === 'video' && tag === 'img') attrs.src = element.poster;
  if (/^(?:audio|video)$/.test(tag)) filmOf(element, attrs);
  return attrs;
}

/** What a person typed or chose is in properties, not in attributes. A password is nobody's business. */
function liveState(element, attrs) {
  const flag = (name, on) => {
    if (on) attrs[name] = '';
    else delete attrs[name];
  };
  const its = safe(element);
  if (its.localName === 'input') {
    if (element.type === 'checkbox' || element.type === 'radio') flag('checked', element.checked);
    else if (element.type === 'password' || element.type === 'file') delete attrs.value;
    else if (element.value !== '') attrs.value = element.value;
  }
  if (its.matches(':disabled')) flag('disabled', true); // perhaps by a fieldset that is not captured with it
  if (its.localName === 'option') flag('selected', element.selected);
}

function pictureOf(element, attrs) {
  if (element.currentSrc) attrs.src = element.currentSrc;
  if (safe(element.parentElement)?.localName === 'picture') {
    delete attrs.srcset;
    delete attrs.sizes;
  }
}

/** A film says itself what its sources say: they are no part of how it looks. */
function filmOf(element, attrs) {
  if (attrs.src) return;
  const sources = [...safe(element).querySelectorAll('source[src]')];
  const source = sources.find(({ type }) => type === '' || element.canPlayType(type) !== '');
  if (source) attrs.src = absolute(source.getAttribute('src'));
}

function pictureOfCanvas(canvas) {
  try {
    const url = canvas.toDataURL();
    return url.length <= MAX_PICTURE ? url : '';
  } catch {
    return ''; // drawn from another site's pictures: nobody may read it
  }
}

/** What `<use href="#id">` shows is copied next to it, where it stands elsewhere in the page or in a file. */
async function addUsed(element, budget, depth, node) {
  const [place, id] = (element.getAttribute('href') ?? element.getAttribute('xlink:href') ?? '').split('#');
  if (!id) return;
  const used = place ? await elementOfFile(place, id) : safe(element.getRootNode()).getElementById(id);
  if (place && used === null) return;
  const name = freeId(id, used, budget);
  node.attrs.href = `#${name}`;
  const known = budget.used.has(name) || safe(budget.root).contains(used);
  if (used === null || known || depth > MAX_DEPTH || plainTag(used) === null) return;
  budget.used.set(name, used);
  const symbol = await treeOf(used, budget, depth + 1);
  symbol.attrs.id = name;
  for (const each of nodesOf(symbol)) each.apart = true;
  budget.symbols.push(symbol);
}

/** The id that a used element has in the component: its own, if no element of another document has it there. */
function freeId(id, used, { used: known, root }) {
  if (used === null) return id;
  const inside = (name) => {
    const own = safe(safe(root).getRootNode()).getElementById(name);
    return safe(root).contains(own) ? own : null;
  };
  let name = id;
  while ((known.get(name) ?? inside(name) ?? used) !== used) name += '_';
  return name;
}

/** Puts the symbols that came from elsewhere into the first svg of a tree. They inherit from where they are used. */
function hideSymbols(tree, symbols) {
  const svg = nodesOf(tree).find((node) => node.tag === 'svg');
  svg?.children.unshift({ tag: 'defs', element: null, apart: true, attrs: {}, rules: [], children: symbols });
}

/** Every node of a tree in document order. */
function nodesOf(tree) {
  const nodes = [];
  const rest = [tree];
  while (rest.length > 0) {
    const node = rest.pop();
    nodes.push(node);
    for (let index = node.children.length - 1; index >= 0; index -= 1) {
      if (typeof node.children[index] !== 'string') rest.push(node.children[index]);
    }
  }
  return nodes;
}

/** What refers to the page's own elements by its whole address refers to them by their ids. */
function withLocalUrls(value) {
  return value.includes('url(') ? value.replaceAll(`${document.URL.split('#')[0]}#`, '#') : value;
}

function absolute(value) {
  const trimmed = value.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return trimmed;
  try {
    return new URL(trimmed, document.baseURI).href;
  } catch {
    return trimmed;
  }
}

function absoluteSet(value) {
  if (/(^|\s)data:/i.test(value)) return '';
  const candidates = value.split(',').map((part) => part.trim().split(/\s+/)).filter(([url]) => url);
  return candidates.map(([url, ...size]) => [absolute(url), ...size].join(' ')).join(', ');
}

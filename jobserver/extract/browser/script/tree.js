// A component as a tree of plain nodes: the page as it is rendered, shadow roots and slots flattened, addresses absolute.

const DROPPED = new Set(['script', 'style', 'template', 'noscript', 'link', 'meta', 'title', 'base', 'head', 'source', 'track', 'param']);
const UNSEEN_BUT_KEPT = new Set(['option', 'optgroup', 'datalist', 'area', 'map', 'col', 'colgroup', 'wbr', 'br', 'rp']);
const URL_ATTRIBUTES = new Set(['href', 'src', 'action', 'formaction', 'poster', 'cite', 'xlink:href', 'background']);
const LEFT_OUT = /^(?:on.*|style|loading|nonce|integrity|slot|part|is)$/;
const MAX_DEPTH = 60;
const MAX_TEXT = 20000;
const MAX_PICTURE = 200000;

function renderedChildren(element) {
  const its = safe(element);
  const slotted = its.localName === 'slot' && its.assignedNodes().length > 0 ? its.assignedNodes() : null;
  const nodes = slotted ?? [...(its.shadowRoot ?? its).childNodes];
  return nodes.filter((node) => (node instanceof Text ? node.data !== '' : isRendered(node)));
}

function isRendered(node) {
  if (!(node instanceof Element)) return false;
  const { localName, namespaceURI } = safe(node);
  if (namespaceURI === 'http://www.w3.org/2000/svg' || UNSEEN_BUT_KEPT.has(localName)) return true;
  if (DROPPED.has(localName)) return false;
  return getComputedStyle(node).display !== 'none';
}

/** Captures one component of at most `budget.elements` elements; `budget.cut` says whether that was too few. */
async function captureTree(element, inherited, budget, depth = 0) {
  await breathe();
  budget.elements -= 1;
  const tag = plainTag(element);
  const { values, rules } = styleOf(element, tag, inherited);
  for (const name of values[INDEX['animation-name']].split(', ')) budget.animations.add(name);
  for (const family of familiesOf(values)) budget.families.add(family);
  const node = { tag, attrs: attributesOf(element, tag), rules, children: [] };
  const { localName } = safe(element);
  if (localName === 'textarea') node.children.push(element.value);
  else if (tag !== 'img' && tag !== 'iframe') await captureChildren(element, values, budget, depth, node.children);
  if (localName === 'use') await captureUsed(element, budget, depth, node);
  return node;
}

async function captureChildren(element, values, budget, depth, children) {
  for (const child of renderedChildren(element)) {
    if (child instanceof Text) children.push(child.data.slice(0, MAX_TEXT));
    else if (budget.elements > 0 && depth < MAX_DEPTH) {
      children.push(await captureTree(currentSource(child), values, budget, depth + 1));
    } else budget.cut = true;
  }
}

/** A picture is the image that it shows. */
function currentSource(element) {
  return safe(element).localName === 'picture' ? element.querySelector('img') ?? element : element;
}

function plainTag(element) {
  const { localName: tag, namespaceURI } = safe(element);
  if (namespaceURI !== 'http://www.w3.org/1999/xhtml') return tag;
  if (tag === 'canvas' || (tag === 'video' && element.poster)) return 'img';
  return tag.includes('-') || tag === 'slot' ? 'span' : tag;
}

function familiesOf(values) {
  return values[INDEX['font-family']].split(',').map((name) => name.trim().replace(/^["']|["']$/g, '').toLowerCase());
}

function attributesOf(element, tag) {
  const attrs = {};
  const { attributes, localName } = safe(element);
  for (const { name, value } of attributes) {
    if (LEFT_OUT.test(name)) continue;
    if (name === 'srcset' || name === 'imagesrcset') attrs.srcset = absoluteSet(value);
    else attrs[name] = URL_ATTRIBUTES.has(name) ? absolute(value) : value;
  }
  liveState(element, attrs);
  if (localName === 'img') pictureOf(element, attrs);
  if (localName === 'canvas') attrs.src = pictureOfCanvas(element);
  if (localName === 'video' && tag === 'img') attrs.src = element.poster;
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

function pictureOfCanvas(canvas) {
  try {
    const url = canvas.toDataURL();
    return url.length <= MAX_PICTURE ? url : '';
  } catch {
    return ''; // drawn from another site's pictures: nobody may read it
  }
}

/** What `<use href="#id">` shows is copied next to it, where it stands elsewhere in the page. */
async function captureUsed(element, budget, depth, node) {
  const [place, id] = (element.getAttribute('href') ?? element.getAttribute('xlink:href') ?? '').split('#');
  if (place || !id) return;
  node.attrs.href = `#${id}`;
  const used = safe(element.getRootNode()).getElementById(id);
  const known = budget.used.has(id) || safe(budget.root).contains(used);
  if (used === null || known || depth > MAX_DEPTH) return;
  budget.used.add(id);
  // Compared with its own parent: what it does not say itself it takes from wherever it is used.
  const { parentElement } = safe(used);
  const from = parentElement ? readStyle(parentElement) : BASE;
  budget.symbols.push(await captureTree(used, from, budget, depth + 1));
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

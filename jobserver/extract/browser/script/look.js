// What an element looks like, as one word: equal for elements that differ in their text, addresses and pictures alone.

// Shorthands where there are some: asking is what takes the time.
const BOX = ['background-color', 'background-image', 'box-shadow', 'opacity', 'transform', 'filter', 'padding', 'border-radius'];
const BORDERS = ['border-style', 'border-width', 'border-color'];
const WORDS = ['color', 'font-family', 'font-size', 'font-weight', 'font-style', 'letter-spacing', 'text-transform',
  'text-decoration-line', 'text-shadow'];
const LINES = ['line-height', 'text-align'];
const FLOW = ['flex-direction', 'justify-content', 'align-items', 'gap'];
const STROKES = ['fill', 'stroke', 'color'];
const GENERATED = ['content', 'color', 'background-color'];
const PICTURES = new Set(['img', 'svg', 'canvas', 'video', 'iframe', 'picture', 'object', 'embed']);
const CONTROLS = new Set(['input', 'select', 'textarea', 'progress', 'meter']);
const SAME_FIELDS = new Set(['text', 'email', 'url', 'tel', 'search']);
const STATES = ['open', 'multiple', 'aria-current', 'aria-selected', 'aria-pressed', 'aria-expanded', 'aria-disabled',
  'aria-checked', 'aria-invalid'];
const UNSHOWN = new Set(['script', 'style', 'template', 'noscript', 'link', 'meta', 'title', 'br', 'wbr', 'source',
  'option', 'optgroup']);
const LOOK_DEPTH = 24;
const LOOK_CHILDREN = 60;

const bodies = new Map();

/** The look of an element with all it holds. How it stands among its neighbours is not part of it. */
async function lookOf(element) {
  return hash(`${outerDisplay(getComputedStyle(element).display)}|${await bodyOf(element, 0)}`);
}

/** Inline or block is a matter of where a thing stands; what it makes of its own children is its own. */
function outerDisplay(display) {
  return display.replace(/^inline-/, '').replace(/^(?:inline|flow-root|list-item)$/, 'block');
}

/** All of a look but how the element itself is laid out. Parts that repeat count once. */
async function bodyOf(element, depth) {
  if (bodies.has(element)) return bodies.get(element);
  await breathe();
  const inner = new Set();
  const nodes = safe(element).localName === 'select' || depth >= LOOK_DEPTH ? [] : paintedChildren(element);
  for (const child of nodes.slice(0, LOOK_CHILDREN)) {
    inner.add(child instanceof Text ? '#' : `${getComputedStyle(child).display}:${await bodyOf(child, depth + 1)}`);
  }
  const body = hash(`${paintOf(element, inner.has('#'))}/${[...inner].join('/')}`);
  bodies.set(element, body);
  return body;
}

/** The children that can be seen, as the page is rendered: what is in the shadow root, or put into a slot. */
function paintedChildren(element) {
  const its = safe(element);
  const slotted = its.localName === 'slot' ? its.assignedNodes() : [];
  const nodes = slotted.length > 0 ? slotted : [...(its.shadowRoot ?? its).childNodes];
  return nodes.filter((node) => (node instanceof Text ? /\S/.test(node.data) : isPart(node)));
}

function isPart(node) {
  if (!(node instanceof Element)) return false;
  return !UNSHOWN.has(safe(node).localName) && getComputedStyle(node).display !== 'none';
}

/** What is painted of the element itself; properties that show nothing on it are left out. */
function paintOf(element, hasWords) {
  const its = safe(element);
  const { localName } = its;
  const style = getComputedStyle(element);
  const parts = [localName, stateOf(element), valuesOf(style, BOX)];
  if (hasBorder(style)) parts.push(valuesOf(style, BORDERS));
  if (PICTURES.has(localName)) parts.push(sizeOf(element), style.objectFit);
  if (element instanceof SVGElement) return [...parts, valuesOf(style, STROKES), its.getAttribute('d')].join('|');
  if (hasWords || CONTROLS.has(localName)) parts.push(valuesOf(style, WORDS));
  const { display } = style;
  if (hasWords && display !== 'inline' && !NAMING.basic.includes(localName)) parts.push(valuesOf(style, LINES));
  if (/flex|grid/.test(display)) parts.push(valuesOf(style, FLOW));
  if (display === 'list-item') parts.push(style.listStyleType);
  for (const pseudo of ['::before', '::after']) {
    const generated = getComputedStyle(element, pseudo);
    if (!['none', 'normal', ''].includes(generated.content)) parts.push(valuesOf(generated, GENERATED));
  }
  return parts.join('|');
}

/** Whether a line is drawn on any side. */
function hasBorder(style) {
  return style.getPropertyValue('border-style') !== 'none' && style.getPropertyValue('border-width') !== '0px';
}

function valuesOf(style, names) {
  return names.map((name) => style.getPropertyValue(name)).join(';').replace(/url\("[^"]*"\)/g, 'url()');
}

/** The size that somebody gave a picture; not the one it has by itself. */
function sizeOf(element) {
  const given = element.computedStyleMap();
  return ['width', 'height'].map((name) => given.get(name)?.toString() ?? '').join('x');
}

/** What an element is at the moment, as far as it is said: pressed, chosen, disabled, open … */
function stateOf(element) {
  const its = safe(element);
  const states = STATES.filter((name) => its.hasAttribute(name)).map((name) => `${name}=${its.getAttribute(name)}`);
  if (its.localName === 'input') states.push(SAME_FIELDS.has(its.type) ? 'text' : its.type, String(its.checked));
  if (its.matches(':disabled')) states.push('disabled');
  return states.join(',');
}

// What an element looks like, as one word: equal for elements that differ in their text, addresses and pictures alone.

const PAINT = ['display', 'position', 'color', 'background-color', 'background-image', 'border-top-width', 'border-right-width',
  'border-bottom-width', 'border-left-width', 'border-top-style', 'border-right-style', 'border-bottom-style',
  'border-left-style', 'border-top-color', 'border-right-color', 'border-bottom-color', 'border-left-color',
  'border-top-left-radius', 'border-top-right-radius', 'border-bottom-right-radius', 'border-bottom-left-radius',
  'box-shadow', 'font-family', 'font-size', 'font-weight', 'font-style', 'letter-spacing', 'line-height', 'text-transform',
  'text-decoration-line', 'text-align', 'text-shadow', 'padding-top', 'padding-right', 'padding-bottom', 'padding-left', 'opacity',
  'flex-direction', 'justify-content', 'align-items', 'list-style-type', 'transform', 'filter', 'object-fit', 'fill', 'stroke'];
const SIZED = new Set(['img', 'svg', 'canvas', 'video', 'iframe']);
const LOOK_DEPTH = 24;
const LOOK_CHILDREN = 60;

const looks = new Map();

/** The look of an element with all it holds; runs of equal children count as one. */
async function lookOf(element, depth = 0) {
  if (looks.has(element)) return looks.get(element);
  await breathe();
  const parts = [paintOf(element)];
  let last = null;
  for (const child of depth < LOOK_DEPTH ? renderedChildren(element).slice(0, LOOK_CHILDREN) : []) {
    const part = child instanceof Element ? await lookOf(child, depth + 1) : '#';
    if (part !== last) parts.push(part);
    last = part;
  }
  const look = hash(parts.join('/'));
  looks.set(element, look);
  return look;
}

function paintOf(element) {
  const its = safe(element);
  const style = getComputedStyle(element);
  const values = PAINT.map((name) => style.getPropertyValue(name)).join(';').replace(/url\("[^"]*"\)/g, 'url()');
  const size = SIZED.has(its.localName) ? `${style.width}x${style.height}` : '';
  const states = ['type', 'disabled', 'open', 'aria-current', 'aria-selected'].filter((name) => its.hasAttribute(name));
  const state = states.map((name) => its.getAttribute(name)).join(',');
  return `${its.localName}|${states}=${state}|${its.checked ?? ''}|${size}|${values}`;
}

/** 53 bits of a string (cyrb53, public domain): enough to tell the looks of one page apart. */
function hash(text) {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}

// What the page is like before it is read, in one word: its trees, its rules, where everything stands, what is filled in.

const FIELDS = new Set(['input', 'textarea', 'select', 'option', 'details', 'dialog', 'progress', 'meter']);
const ENTERED = ['value', 'checked', 'indeterminate', 'selected', 'disabled', 'open'];
// What no attribute says, and sheets may ask for.
const STATES = [':invalid', ':user-invalid', ':user-valid', ':read-write', ':popover-open', ':modal', ':not(:defined)'];
const GROUPS = [CSSStyleRule, CSSConditionRule, CSSLayerBlockRule, CSSScopeRule, CSSStartingStyleRule];
const HEADS = ['conditionText', 'name', 'containerName', 'containerQuery', 'start', 'end', 'selectorText'];
const MILLISECONDS = /(?<!\d)\d{13}(?!\d)/g;
const AN_HOUR = 3_600_000;
const NAMES_SOMETHING = /^(?:id|for|name|list|headers|aria-.*|data-.*)$/;
const ELEMENTS_AT_ONCE = 200;
const MOST_ANIMATIONS = 1000;
const MOST_DRAWN = 2_000_000; // pixels of all canvases: to hash as many takes 100 ms

const end = performance.now() + options.milliseconds;
const elsewhere = document.implementation.createHTMLDocument('');
const words = [];
let room = options.characters;
let drawn = 0;

/** Thrown where nobody could say that the page is the same: a drawing is closed to us, or there is too much of all. */
class Unknowable extends Error {}

function note(text) {
  room -= text.length;
  if (room < 0 || performance.now() > end) throw new Unknowable();
  words.push(hash(text));
}

/** Text without the time of this visit, which scripts make names of. */
function timeless(text) {
  return text.replace(MILLISECONDS, (number) => (Math.abs(number - Date.now()) < AN_HOUR ? 'now' : number));
}

/** Markup without what nobody sees: where scripts and comments stand, and who has had a class. */
function markupOf(root) {
  const copy = elsewhere.createElement('div');
  for (const child of root.childNodes) if (child !== document.doctype) copy.append(elsewhere.importNode(child, true));
  for (const script of copy.querySelectorAll('script')) script.remove();
  for (const element of copy.querySelectorAll('[class=""]')) element.removeAttribute('class');
  const comments = document.createTreeWalker(copy, NodeFilter.SHOW_COMMENT);
  for (let next = comments.nextNode(); next !== null;) {
    const comment = next;
    next = comments.nextNode();
    comment.remove();
  }
  copy.normalize();
  nameLots(copy);
  return copy.innerHTML;
}

/** Numbers that ids are made of may be drawn by lot at each visit: in all that names something they count by their order. */
function nameLots(copy) {
  const ids = [...copy.querySelectorAll('[id]')].map((element) => safe(element).getAttribute('id'));
  const lots = new Map();
  for (const number of ids.flatMap(lotsIn)) lots.set(number, lots.get(number) ?? `lot ${lots.size}`);
  for (const element of lots.size > 0 ? copy.querySelectorAll('*') : []) {
    for (const attribute of safe(element).attributes) {
      if (!NAMES_SOMETHING.test(attribute.name) && !attribute.value.startsWith('#')) continue;
      attribute.value = attribute.value.replace(LOT, (number) => lots.get(number) ?? number);
    }
  }
}

/** A tree with all that is in its attributes, its sheets, and what no attribute says; → the shadow roots in it. */
async function noteTree(root) {
  note(timeless(markupOf(root)));
  for (const sheet of [...root.styleSheets, ...root.adoptedStyleSheets]) await noteSheet(sheet);
  const elements = [...root.querySelectorAll(':not(script)')];
  const places = new Map(elements.map((element, place) => [element, place]));
  note(STATES.map((state) => [...root.querySelectorAll(state)].map((element) => places.get(element))).join(';'));
  const inner = [];
  for (let at = 0; at < elements.length; at += ELEMENTS_AT_ONCE) {
    await breathe();
    const some = elements.slice(at, at + ELEMENTS_AT_ONCE);
    note(some.map(factsOf).join());
    inner.push(...some.map((element) => safe(element).shadowRoot).filter(Boolean));
  }
  return inner;
}

/** Where it is, and what somebody or a script has put in. */
function factsOf(element) {
  const its = safe(element);
  const { x, y, width, height } = its.getBoundingClientRect();
  const facts = [x, y, width, height, its.scrollLeft, its.scrollTop];
  if (its.localName === 'canvas' && width * height > 0) facts.push(drawnOn(element));
  if (FIELDS.has(its.localName)) facts.push(...ENTERED.map((name) => its[name]));
  if (its.localName === 'img') facts.push(its.currentSrc, its.complete, its.naturalWidth, its.naturalHeight);
  return facts.join(' ');
}

/** The pixels of a canvas as a word. What WebGL has drawn is nothing to anybody but the screen, here as in a reading. */
function drawnOn(canvas) {
  const { width, height } = canvas;
  drawn += width * height;
  if (width * height === 0) return '';
  if (drawn > MOST_DRAWN) throw new Unknowable();
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  try {
    context.drawImage(canvas, 0, 0);
    return wordOf(new Uint32Array(context.getImageData(0, 0, width, height).data.buffer));
  } catch {
    throw new Unknowable(); // it holds another site's pictures
  }
}

/** As `hash`, of numbers. */
function wordOf(numbers) {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (const number of numbers) {
    high = Math.imul(high ^ number, 2654435761);
    low = (Math.imul(low ^ number, 1597334677) + high) | 0;
  }
  return `${high} ${low}`;
}

/** A sheet as it is now, whatever scripts have made of it. Of one that is closed to scripts its answer tells. */
async function noteSheet(sheet) {
  note([sheet.href, sheet.disabled, sheet.media.mediaText, sheet.title].join());
  try {
    await noteRules(sheet.cssRules);
  } catch (error) {
    if (error instanceof Unknowable) throw error;
  }
}

async function noteRules(rules) {
  let said = '';
  for (const rule of rules) {
    const pause = breathe();
    if (pause) await pause;
    if (rule.styleSheet) await noteSheet(rule.styleSheet);
    // One with thousands of others in it would take too long to be written out at once.
    const isGroup = rule.cssRules?.length > 0 && GROUPS.some((group) => rule instanceof group);
    said += isGroup ? `${rule.constructor.name} ${HEADS.map((name) => rule[name])} ${rule.style?.cssText} {` : rule.cssText;
    if (isGroup) await noteRules(rule.cssRules);
  }
  note(said);
}

/** What moves. The keyframes of a script's own are in no sheet; what has no end is read at its beginning. */
async function noteMotion() {
  const moving = document.getAnimations();
  if (moving.length > MOST_ANIMATIONS) throw new Unknowable();
  for (const each of moving) {
    await breathe();
    const frames = each instanceof CSSAnimation ? each.animationName : JSON.stringify(each.effect?.getKeyframes());
    const state = each.effect?.getComputedTiming().endTime === Infinity ? 'endless' : each.playState;
    note([each.constructor.name, each.id, state, JSON.stringify(each.effect?.getTiming()), frames].join());
  }
}

async function fingerprint() {
  if (document.documentElement === null || document.getElementsByTagName('*').length > options.elements) return null;
  note([document.URL, document.compatMode, document.designMode, innerWidth, innerHeight, scrollX, scrollY].join());
  note([...document.fonts].map(({ family, weight, style, status }) => [family, weight, style, status].join(' ')).join());
  note([...document.scripts].map(({ src, text }) => timeless(src || text)).sort().join());
  await noteMotion();
  const roots = [document];
  for (const root of roots) roots.push(...await noteTree(root));
  return hash(words.join());
}

try {
  return await fingerprint();
} catch (error) {
  if (error instanceof Unknowable) return null;
  throw error;
}

// What the page is like before it is read, in one word: its trees, its rules, where everything stands, what is filled in.

const FIELDS = new Set(['input', 'textarea', 'select', 'option', 'details', 'dialog', 'progress', 'meter']);
const ENTERED = ['value', 'checked', 'indeterminate', 'selected', 'disabled', 'open'];
const GROUP = ['conditionText', 'name', 'containerName', 'containerQuery', 'start', 'end', 'selectorText'];
const UNSEEN = /<script\b[^]*?<\/script>|<!--[^]*?-->/gi;
const MILLISECONDS = /(?<!\d)\d{13}(?!\d)/g;
const AN_HOUR = 3_600_000;
const ELEMENTS_AT_ONCE = 200;
const MOST_ANIMATIONS = 1000;
const MOST_DRAWN = 2_000_000; // pixels of canvases: writing one takes about 50 ns

const end = performance.now() + options.milliseconds;
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

/** Markup without what nobody can see: where scripts and comments stand, and who has had a class. */
function seenOf(markup) {
  return timeless(markup.replace(UNSEEN, '').replaceAll(' class=""', ''));
}

/** A tree with all that is in its attributes, its sheets, and what no attribute says; → the shadow roots in it. */
async function noteTree(root) {
  note(seenOf(root === document ? documentElement.outerHTML : root.innerHTML));
  for (const sheet of [...root.styleSheets, ...root.adoptedStyleSheets]) await noteSheet(sheet);
  const elements = [...root.querySelectorAll('*')];
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
  const facts = [x, y, width, height];
  if (its.localName === 'canvas' && width * height > 0) facts.push(drawnOn(element));
  if (FIELDS.has(its.localName)) facts.push(...ENTERED.map((name) => its[name]));
  if (its.localName === 'img') facts.push(its.currentSrc, its.complete, its.naturalWidth, its.naturalHeight);
  return facts.join(' ');
}

function drawnOn(canvas) {
  drawn += canvas.width * canvas.height;
  if (drawn > MOST_DRAWN) throw new Unknowable();
  try {
    return canvas.toDataURL();
  } catch {
    throw new Unknowable(); // it holds another site's pictures
  }
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
    const isGroup = rule.cssRules?.length > 0 && !(rule instanceof CSSKeyframesRule);
    said += isGroup ? `${rule.constructor.name} ${GROUP.map((name) => rule[name])} ${rule.style?.cssText} {` : rule.cssText;
    if (isGroup) await noteRules(rule.cssRules);
  }
  note(said);
}

/** What moves. The keyframes of a script's own are in no sheet. */
function noteMotion() {
  const framesOf = (each) => (each instanceof CSSAnimation ? each.animationName : JSON.stringify(each.effect?.getKeyframes()));
  const moving = document.getAnimations().slice(0, MOST_ANIMATIONS);
  note(moving.map((each) => [each.constructor.name, each.id, each.playState, framesOf(each)].join()).join());
}

async function fingerprint() {
  if (documentElement === null || document.getElementsByTagName('*').length > options.elements) return null;
  note([document.URL, document.compatMode, innerWidth, innerHeight, scrollX, scrollY].join());
  note([...document.fonts].map(({ family, weight, style, status }) => [family, weight, style, status].join(' ')).join());
  note([...document.scripts].map(({ src, text }) => timeless(src || text)).sort().join());
  noteMotion();
  const roots = [document];
  for (const root of roots) roots.push(...await noteTree(root));
  return hash(words.join());
}

const { documentElement } = document;
try {
  return await fingerprint();
} catch (error) {
  if (error instanceof Unknowable) return null;
  throw error;
}

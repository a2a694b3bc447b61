// Which computed properties are compared, and how each is read.

// Left out: aliases (logical sides, shorthands), what only printing, scrolling or a running script would notice, motion,
// which the rules carry and which is held still while it is compared, and what the browser reports about itself.
const SKIPPED = new RegExp([
  '^--', '(?:^|-)(?:block|inline)(?:-|$)', '^(?:border|corner)-(?:start|end)-', '^text-decoration$', '^font-variant$',
  '^(?:anchor|animation|app|buffered|caret-(?:animation|shape)|color-rendering|contain-intrinsic|container)(?:-|$)',
  '^content-visibility$', '^(?:dynamic-range|flex-line|font-(?:language|palette|synthesis)|forced|frame|hyphenate)-',
  '^(?:inter(?:est|polate)|math)-',
  '^interactivity$', '^(?:object-view|offset|overflow-(?:anchor|clip)|overscroll|page)(?:-|$)',
  '^position-(?:anchor|area|try|visibility)(?:-|$)',
  '^(?:print|reading|row-rule|rule|scroll|speak|timeline|touch|transition|trigger|view|window)(?:-|$)',
  '^text-(?:autospace|size|spacing|fit)(?:-|$)',
  '^column-rule-(?:break|inset|visibility)', '^(?:orphans|overlay|widows|will-change)$', '^break-',
  '^-webkit-(?:border|line-break|locale|mask-position|print|rtl|ruby|tap|user-(?:drag|modify)|writing)',
  '^-webkit-text-(?:combine|decorations|orientation)',
].join('|'));

// Used values: read only when boxes are laid out, and compared as computed (`auto`, percentages, calc()) where they differ.
const LAYOUT = ['width', 'height', 'margin-top', 'margin-right', 'margin-bottom', 'margin-left', 'padding-top', 'padding-right',
  'padding-bottom', 'padding-left', 'top', 'right', 'bottom', 'left', 'grid-template-columns', 'grid-template-rows', 'transform',
  'transform-origin', 'perspective-origin'];
const LAID_OUT = new Set(LAYOUT);
const SIZED = LAYOUT.slice(0, 10);
const INSETS = ['top', 'right', 'bottom', 'left'];
const TRACKS = ['grid-template-columns', 'grid-template-rows'];
const ORIGINS = ['transform-origin', 'perspective-origin'];

// What others are relative to, or take their defaults from: these come first.
const EARLY = ['appearance', 'color-scheme', 'direction', 'writing-mode', 'zoom', 'font-size', 'font-family', 'font-weight',
  'font-style', 'color'];

const COMES_EARLY = new Set(EARLY);
const PIXELS = /^-?[\d.]+px$/;

// The root is expected to be without its place even where nobody says a word about it, and a list has its marks by those around
// it.
const ALWAYS_COMPARED = ['display', 'position', 'min-width', 'min-height', 'vertical-align', 'text-decoration-line',
  'list-style-type'];

// Of what follows the text's colour, these only repeat it: said by themselves they would stand in the way of every state.
const FOLLOWS_COLOR = new RegExp(`^(?:${[
  'border-.*', 'outline', 'text-(?:decoration|emphasis)', 'column-rule', 'caret', '-webkit-text-(?:fill|stroke)',
].join('|')})-?color$`);

// A line's style turns a width that nobody wrote from nothing into `medium`.
const WIDTH_OF = Object.fromEntries(['border-top', 'border-right', 'border-bottom', 'border-left', 'outline', 'column-rule']
  .map((line) => [`${line}-style`, `${line}-width`]));

const { documentElement } = document; // null when the page threw it away: nothing is left to read then
const NAMES = (documentElement ? [...getComputedStyle(documentElement)] : [])
  .filter((name) => !SKIPPED.test(name) && !LAID_OUT.has(name)).concat('border-spacing');
const INDEX = Object.fromEntries(NAMES.map((name, index) => [name, index]));
const COLORS = new Set(NAMES.filter((name) => FOLLOWS_COLOR.test(name)));

const MARKER = ['color', 'content', 'font-family', 'font-size', 'font-weight', 'font-style'];
const PLACEHOLDER = ['color', 'opacity', ...MARKER.slice(2), 'letter-spacing', 'text-transform'];

// Inherited, and of no effect but on these displays.
const ONLY_ON = [
  [/table/, ['border-collapse', 'border-spacing', '-webkit-border-horizontal-spacing', 'caption-side', 'empty-cells']],
  [/list-item/, ['list-style-type', 'list-style-position', 'list-style-image']],
];

/** The names that say nothing in a tree with no more than these displays. */
function needlessFor(displays) {
  return new Set(ONLY_ON.flatMap(([display, names]) => (displays.some((each) => display.test(each)) ? [] : names)));
}

/** Those of LAYOUT that matter for an element with these values: tracks in a grid, insets of what is placed, … */
function layoutFor(valueOf) {
  const isTurned = ['transform', 'perspective', 'rotate', 'scale'].some((name) => valueOf(name) !== 'none');
  return [...SIZED, 'transform', ...(valueOf('position') === 'static' ? [] : INSETS),
    ...(/grid/.test(valueOf('display')) ? TRACKS : []), ...(isTurned ? ORIGINS : [])];
}

/** Values of `names`, in their order, as the browser reports them. */
function readValues(element, pseudo, names) {
  const style = getComputedStyle(element, pseudo);
  return names.map((name) => style.getPropertyValue(name));
}

/** The computed value: `auto`, a percentage or a number stays what it is. */
function computedValue(element, name) {
  const value = safe(element).computedStyleMap().get(name);
  return value ? String(value) : getComputedStyle(element).getPropertyValue(name);
}

/** The computed line height: of a number all its digits, for what is cut off may be what makes a line a whole pixel high. */
function lineHeightOf(element) {
  const height = safe(element).computedStyleMap().get('line-height');
  const isNumber = height instanceof CSSUnitValue && height.unit === 'number';
  return isNumber ? wholeNumber(height.value) : computedValue(element, 'line-height');
}

/** The shortest text that is the same number to the browser, which counts with 24 bits and writes six digits. */
function wholeNumber(value) {
  let digits = 6;
  while (Math.fround(value.toPrecision(digits)) !== Math.fround(value)) digits += 1;
  return String(Number(value.toPrecision(digits)));
}

/** Used pixels as they are laid out. They come in 64ths, of which six digits may fall short: then it would be one less. */
function laidOut(value) {
  if (!PIXELS.test(value)) return value;
  const exact = Math.round(parseFloat(value) * 64) / 64;
  return `${(Math.sign(exact) * Math.ceil(Math.abs(exact) * 1000)) / 1000}px`;
}

/** [name, value] of every property in which `ours` is not what `theirs` is; colours that follow the text's are equal. */
function differing(names, theirs, ours, colors) {
  const found = [];
  for (let index = 0; index < names.length; index += 1) {
    if (theirs[index] === ours[index]) continue;
    const name = names[index];
    const follows = COLORS.has(name);
    const value = follows && theirs[index] === colors.theirs ? 'currentcolor' : theirs[index];
    if (!follows || value !== (ours[index] === colors.ours ? 'currentcolor' : ours[index])) found.push([name, value]);
  }
  return found;
}

// The design of the page as it is in use: its colours, type, spacing, radii and shadows, with how many elements have them.

const MAX_TOKENS = 24;
const MAX_TOKEN = 200;
const MAX_COUNTED = 20000;
const SPACINGS = ['padding', 'margin', 'gap'];

const knownLengths = new Map();

/** {colors, type, spacing, radii, shadows}: lists of {value, count}, the most frequent first, at most 24 each.
 *
 * `until`: the time of `performance.now()` at which counting ends, with a warning.
 */
async function pageTokens(until, lapses) {
  const counts = { colors: new Map(), type: new Map(), spacing: new Map(), radii: new Map(), shadows: new Map() };
  for (const element of everyElement(document, MAX_COUNTED)) {
    if (performance.now() > until) {
      lapses.push('There was no time to count the colours and type of the whole page.');
      break;
    }
    await breathe();
    if (isInUse(element)) countTokens(element, counts);
  }
  return Object.fromEntries(Object.entries(counts).map(([name, found]) => [name, mostUsed(found)]));
}

function isInUse(element) {
  const its = safe(element);
  if (UNSHOWN.has(its.localName) || its.localName === 'head' || !isShown(element)) return false;
  const { width, height } = its.getBoundingClientRect();
  return width >= 2 && height >= 2;
}

function mostUsed(found) {
  const sorted = [...found].sort(([, a], [, b]) => b - a).slice(0, MAX_TOKENS);
  return sorted.map(([value, count]) => ({ value, count }));
}

/** An element counts once for each value, however many of its sides have it. */
function countTokens(element, counts) {
  const its = safe(element);
  const style = getComputedStyle(element);
  const colors = [style.backgroundColor];
  if (hasOwnText(its) || CONTROLS.has(its.localName)) {
    colors.push(style.color);
    add(counts.type, typeOf(style));
  }
  if (hasBorder(style)) colors.push(...borderColors(style));
  addAll(counts.colors, colors.map(plainColor));
  addAll(counts.spacing, lengthsOf(style, SPACINGS));
  addAll(counts.radii, lengthsOf(style, ['border-radius']));
  if (style.boxShadow !== 'none') add(counts.shadows, withColors(style.boxShadow));
}

/** The parts of a value: words, and functions with all that is in them. */
function partsOf(value) {
  return value.match(/(?:[^\s(]+\([^)]*\)|[^\s/]+)/g) ?? [];
}

/** The colours of the sides where a line is drawn. */
function borderColors(style) {
  const [colors, styles, widths] = ['color', 'style', 'width'].map((part) => partsOf(style.getPropertyValue(`border-${part}`)));
  const ofSide = (values, side) => values[side] ?? values[side - 2] ?? values[0];
  const drawn = [0, 1, 2, 3].filter((side) => ofSide(styles, side) !== 'none' && ofSide(widths, side) !== '0px');
  return drawn.map((side) => ofSide(colors, side));
}

/** The lengths above nothing. */
function lengthsOf(style, names) {
  return names.flatMap((name) => lengthsIn(style.getPropertyValue(name)));
}

function lengthsIn(value) {
  const isAbove = (part) => parseFloat(part) > 0;
  return knownLengths.get(value) ?? knownLengths.set(value, partsOf(value).filter(isAbove).map(rounded)).get(value);
}

function addAll(counts, values) {
  for (const value of new Set(values)) if (value) add(counts, value);
}

function add(counts, value) {
  if (value.length <= MAX_TOKEN) counts.set(value, (counts.get(value) ?? 0) + 1);
}

/** "600 16px/24px Inter": weight, size, line height, and the first family that is asked for. */
function typeOf(style) {
  const family = style.fontFamily.split(',')[0].trim().replace(/^(["'])(.*)\1$/, '$2');
  return `${style.fontWeight} ${rounded(style.fontSize)}/${rounded(style.lineHeight)} ${family}`;
}

function rounded(value) {
  return value.replace(/-?\d*\.\d+/g, (number) => String(Math.round(number * 100) / 100));
}

/** A colour as designers write it: #rrggbb, or rgba() where it lets something through; null when it cannot be seen. */
function plainColor(color) {
  const [, red, green, blue, alpha = '1'] = /^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/.exec(color) ?? [];
  if (red === undefined) return /(?:\/ 0\)|transparent)$/.test(color) ? null : color;
  if (alpha === '0') return null;
  if (alpha !== '1') return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
  return `#${[red, green, blue].map((part) => Number(part).toString(16).padStart(2, '0')).join('')}`;
}

/** A shadow with its colour last, as it is written. */
function withColors(shadow) {
  const layers = shadow.split(/,(?![^(]*\))/).map((layer) => layer.trim());
  const colorFirst = /^((?:rgba?|color|oklch|oklab|lab|lch)\([^)]*\))\s+(.*)$/;
  const turned = layers.map((layer) => layer.replace(colorFirst, (_, color, rest) => {
    const parts = rest.replace(/ 0px( inset)?$/, '$1');
    return `${parts} ${plainColor(color) ?? 'transparent'}`;
  }));
  return rounded(turned.join(', '));
}

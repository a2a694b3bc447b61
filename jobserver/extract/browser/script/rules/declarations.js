// The declarations of a rule as they can stand anywhere: absolute addresses, no unit that hangs on the page's root.

const ADDRESS = /url\(\s*(?!\s)(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"')]*))\s*\)/gi;
const KEPT = /("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|url\([^)]*\)?)/;
const ROOT_EM = new RegExp(`${KEPT.source}|${/(?<![\w.#-])([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)rem\b/.source}`, 'gi');
const THIRDS = /(?<![\w#])(\d{0,20}\.\d{0,20}?)(?:(3{3,20})|(6{3,20})7)(?=%|[a-z]|[\s,)/*+-]|$)/gi;
const SIX_DIGITS = /^-?0*\.?0*[1-9](?:\.?\d){5}(?:[a-z]+|%)?$/;
const UNITS = { number: '', percent: '%' };
const DEFAULT_ROOT_SIZE = 16;
const BEFORE_COLON = /(?<![a-z-])[a-z-]+(?=:)/g;

const OUT_OF_NAMES = /[^\w\u0080-\uffff-]/;
const EVERY_OUT = new RegExp(OUT_OF_NAMES.source, 'g');
const ESCAPED_NAME = /(?<=(?:var\(|@property|[{;])\s*)--[\w\u0080-\uffff-]*\\.(?:\\.|[^\s(){},;:\\])*/g;

const namesInPage = new Map();
const blocks = new WeakMap();
let rootSize = null;

/** `{ normal, important }` of a rule: maps of name to value, in the order of their declaration. */
function blockOf(rule, base) {
  let block = blocks.get(rule);
  if (block === undefined) {
    block = readBlock(rule.style, rule, base, rule.styleMap);
    blocks.set(rule, block);
  }
  return block;
}

/** `rule`: where the style stands; null for one of an attribute. `typed`: what it says as typed values. */
function readBlock(style, rule, base, typed) {
  const block = { normal: new Map(), important: new Map() };
  const names = [...style];
  let shorthands = null;
  for (const name of names) {
    const values = style.getPropertyPriority(name) === '' ? block.normal : block.important;
    let [said, value] = [name, style.getPropertyValue(name)];
    if (value === '' && !name.startsWith('--')) {
      shorthands ??= shorthandsIn(style);
      [said, value] = shorthands.get(name) ?? (name === 'all' ? restOfAll(style, names) : lostShorthand(name, rule));
    }
    if (said === null || values.has(said)) continue;
    values.set(plainName(said), saidOf(said, value, typed, base));
    if (said !== name) putBehind(values, said);
  }
  return block;
}

/** What is said of a part of a shorthand comes after it: otherwise the shorthand would not have lost it. */
function putBehind(values, shorthand) {
  for (const [name, value] of [...values]) {
    if (name === shorthand || !covers(shorthand, name)) continue;
    values.delete(name);
    values.set(name, value);
  }
}

/** Longhand → `[name, value]` of what says it: a shorthand with a variable in it (CSS Variables 1, section 3.3).
 *
 * As text a block names its shorthands. Words in its values may look like names, but no longhand has its value from them.
 */
function shorthandsIn(style) {
  const said = new Map();
  for (const name of new Set(style.cssText.match(BEFORE_COLON))) {
    const value = style.getPropertyValue(name);
    if (value !== '') for (const each of longhandsOf(name)) if (each !== name) said.set(each, [name, value]);
  }
  return said;
}

/** Whatever no other declaration of the block has taken out of `all` still has its value. */
function restOfAll(style, names) {
  const free = ['margin-top', 'float', 'opacity', 'z-index', 'order', 'clear'].find((name) => !names.includes(name));
  return free ? ['all', style.getPropertyValue(free)] : [null, ''];
}

/** The value of one declaration. What has a variable in it, or is one, the browser keeps as somebody wrote it. */
function saidOf(name, value, typed, base) {
  const isWritten = name.startsWith('--') || value.includes('var(');
  return isWritten ? inPlace(value, base) : inPlace(numberOf(value, typed?.get(name)) ?? withAllDigits(value), base);
}

/** A value as it can stand anywhere. */
function plainValue(value, base) {
  return withAllDigits(inPlace(value, base));
}

function inPlace(value, base) {
  let plain = value.trim();
  if (plain.includes('url(')) plain = plain.replace(ADDRESS, (whole, ...found) => absoluteAddress(whole, found, base));
  if (plain.includes('rem')) plain = withoutRootEm(plain);
  if (plain.includes('\\')) plain = plain.replace(ESCAPED_NAME, (name) => plainName(unescaped(name)));
  return plain;
}

/** A custom property's name without what must be escaped: `--space-1.5` is `--space-1_5`. See `nameInPage`. */
function plainName(name) {
  if (!name.startsWith('--') || !OUT_OF_NAMES.test(name)) return name;
  const plain = name.replace(EVERY_OUT, (sign) => (sign === '.' ? '_' : `_${sign.codePointAt(0).toString(16)}_`));
  namesInPage.set(plain, name);
  return plain;
}

/** What the page calls the custom property that has this name in a component. */
function nameInPage(name) {
  return namesInPage.get(name) ?? name;
}

/** The browser writes six digits of a number: of thirds, which are the most frequent by far, the others are known. */
function withAllDigits(value) {
  if (!/3333|6667/.test(value) || /["']|url\(/.test(value)) return value;
  return value.replace(THIRDS, (whole, start, threes) => (
    whole.replace('.', '').length < 6 ? whole : start + (threes ? '3333333333' : '6666666667')));
}

/** Of a single number the browser knows what it does not write; null where that is nothing. */
function numberOf(text, typed) {
  const isCut = SIX_DIGITS.test(text) && typed instanceof CSSUnitValue;
  return isCut ? `${Number(typed.value.toPrecision(10))}${UNITS[typed.unit] ?? typed.unit}` : null;
}

function absoluteAddress(whole, [double, single, bare], base) {
  const address = unescaped(double ?? single ?? bare).trim();
  if (address === '' || /^(?:data:|#)/i.test(address)) return whole;
  try {
    return `url("${new URL(address, base).href.replace(/["\\]/g, '\\$&')}")`;
  } catch {
    return whole;
  }
}

function withoutRootEm(value) {
  rootSize ??= parseFloat(getComputedStyle(document.documentElement).fontSize) || DEFAULT_ROOT_SIZE;
  if (rootSize === DEFAULT_ROOT_SIZE) return value;
  return value.replace(ROOT_EM, (whole, kept, length) => kept ?? `${Number((length * rootSize).toFixed(4))}px`);
}

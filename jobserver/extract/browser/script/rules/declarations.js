// The declarations of a rule as they can stand anywhere: absolute addresses, no unit that hangs on the page's root.

const ADDRESS = /url\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"')]*))\s*\)/gi;
const ROOT_EM = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|url\([^)]*\))|(?<![\w.#-])([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)rem\b/gi;
const DEFAULT_ROOT_SIZE = 16;

const blocks = new WeakMap();
let rootSize = null;

/** `{ normal, important }` of a rule: maps of name to value, in the order of their declaration. */
function blockOf(rule, base) {
  let block = blocks.get(rule);
  if (block === undefined) {
    block = readBlock(rule.style, rule, base);
    blocks.set(rule, block);
  }
  return block;
}

/** `rule`: where the style stands; null for one of an attribute. */
function readBlock(style, rule, base) {
  const block = { normal: new Map(), important: new Map() };
  const names = [...style];
  const unknown = new Set(names.filter((name) => !name.startsWith('--') && style.getPropertyValue(name) === ''));
  for (const name of names) {
    const values = style.getPropertyPriority(name) === '' ? block.normal : block.important;
    const [said, value] = unknown.has(name) ? widest(name, style, rule, names) : [name, style.getPropertyValue(name)];
    if (said === null || values.has(said)) continue;
    values.set(said, plainValue(value, base));
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

/** What says a longhand whose own value is empty: the shorthand with a variable in it (CSS Variables 1, section 3.3). */
function widest(longhand, style, rule, names) {
  if (longhand === 'all') {
    // Whatever no other declaration of the block has taken out of it still has its value.
    const free = ['margin-top', 'float', 'opacity', 'z-index', 'order', 'clear'].find((name) => !names.includes(name));
    return free ? ['all', style.getPropertyValue('all') || style.getPropertyValue(free)] : [null, ''];
  }
  for (const shorthand of shorthandsOf(longhand)) {
    const value = style.getPropertyValue(shorthand);
    if (value !== '') return [shorthand, value];
  }
  return lostShorthand(longhand, rule);
}

/** A value as it can stand anywhere. */
function plainValue(value, base) {
  let plain = value.trim();
  if (plain.includes('url(')) plain = plain.replace(ADDRESS, (whole, ...found) => absoluteAddress(whole, found, base));
  return plain.includes('rem') ? withoutRootEm(plain) : plain;
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

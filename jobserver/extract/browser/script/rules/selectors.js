// Selectors taken apart: lists, compounds, specificity.

const IDENTIFIER = /(?:[-\w]|[^\x00-\x7f]|\\[0-9a-f]{1,6}\s?|\\[^\n])+/iy;
const COMBINATOR = /\s*([>+~])\s*|\s+/y;
const ANY_OF = new Set(['is', 'where', 'matches', '-webkit-any']);
const WITH_SELECTORS = new Set([...ANY_OF, 'not', 'has', 'host', 'host-context', 'slotted']);
const MAX_SIMPLES = 300;
const OPENING = '([{';
const CLOSING = ')]}';

const parsedSelectors = new Map();

/** A list cut at `separator`, but not inside strings and brackets. */
function splitTop(text, separator) {
  if (!/["'([{\\]/.test(text)) return text.split(separator).map((part) => part.trim());
  const parts = [];
  let start = 0;
  for (const at of topLevel(text)) {
    if (text[at] !== separator) continue;
    parts.push(text.slice(start, at).trim());
    start = at + 1;
  }
  parts.push(text.slice(start).trim());
  return parts;
}

/** The places in a text that are in no string and no bracket; a bracket's end counts, its beginning does not. */
function* topLevel(text, from = 0) {
  let depth = 0;
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '\\') at += 1;
    else if (quote !== '') quote = sign === quote ? '' : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (OPENING.includes(sign)) depth += 1;
    else {
      if (CLOSING.includes(sign)) depth -= 1;
      if (depth === 0) yield at;
    }
  }
}

/** The selectors of a list; [] where one of them is not understood.
 *
 * A selector is `{ compounds, combinators, lead, size }`: `lead` is the combinator that a relative selector begins with.
 * A compound is a list of simple selectors `{ kind, name, text, list, varies }`; `varies` is true of what depends on a state,
 * or on where the selector stands (`:scope`, `:host`), so that `matches()` alone cannot tell.
 */
function parseSelectors(text) {
  let found = parsedSelectors.get(text);
  if (found === undefined) {
    found = splitTop(text, ',').map(parseSelector);
    if (found.includes(null)) found = [];
    parsedSelectors.set(text, found);
  }
  return found;
}

function parseSelector(text) {
  const compounds = [];
  const combinators = [];
  let lead = '';
  let at = 0;
  let joined = true;
  while (at < text.length) {
    COMBINATOR.lastIndex = at;
    const combinator = COMBINATOR.exec(text);
    if (combinator !== null) {
      at = COMBINATOR.lastIndex;
      if (compounds.length > 0) combinators.push(combinator[1] ?? ' ');
      else lead = combinator[1] ?? '';
      joined = true;
      continue;
    }
    const read = readSimple(text, at);
    if (read === null) return null;
    if (joined) compounds.push([]);
    joined = false;
    compounds.at(-1).push(read.simple);
    at = read.end;
  }
  return compounds.length === combinators.length + 1 ? selectorOfParts(compounds, combinators, lead) : null;
}

function selectorOfParts(compounds, combinators, lead = '') {
  let size = 0;
  for (const compound of compounds) for (const simple of compound) size += simple.size;
  return size > MAX_SIMPLES ? null : { compounds, combinators, lead, size };
}

function readSimple(text, at) {
  const sign = text[at];
  if (sign === '&') return { simple: simpleOf('nesting', '&', '&'), end: at + 1 };
  if (sign === '[') return readAttribute(text, at);
  if (sign === ':') return readPseudo(text, at);
  const start = sign === '#' || sign === '.' ? at + 1 : at;
  let end = start;
  if (sign === '*') end += 1;
  else {
    IDENTIFIER.lastIndex = start;
    if (!IDENTIFIER.test(text)) return null;
    end = IDENTIFIER.lastIndex;
  }
  if (text[end] === '|') return readQualified(text, at, end + 1);
  const kind = { '#': 'id', '.': 'class', '*': 'any' }[sign] ?? 'tag';
  return { simple: simpleOf(kind, unescaped(text.slice(start, end)), text.slice(at, end)), end };
}

/** A tag with its namespace. */
function readQualified(text, start, at) {
  const read = readSimple(text, at);
  if (read === null) return null;
  return { simple: simpleOf(read.simple.kind, read.simple.name, text.slice(start, read.end)), end: read.end };
}

function readAttribute(text, at) {
  const end = closing(text, at);
  if (end < 0) return null;
  const name = /^\[\s*(?:[^|=\]]*\|(?!=))?([^\s~|^$*=\]]+)/.exec(text.slice(at, end))?.[1] ?? '';
  return { simple: simpleOf('attribute', unescaped(name), text.slice(at, end)), end };
}

function readPseudo(text, at) {
  const start = text[at + 1] === ':' ? at + 2 : at + 1;
  IDENTIFIER.lastIndex = start;
  if (!IDENTIFIER.test(text)) return null;
  let end = IDENTIFIER.lastIndex;
  const name = text.slice(start, end).toLowerCase();
  let list = null;
  if (text[end] === '(') {
    const close = closing(text, end);
    if (close < 0) return null;
    if (WITH_SELECTORS.has(name)) list = close - end > 2 ? parseSelectors(text.slice(end + 1, close - 1)) : [];
    end = close;
  }
  return { simple: simpleOf(start === at + 2 ? 'element' : 'pseudo', name, text.slice(at, end), list), end };
}

/** The place after the bracket that closes the one at `at`; -1 where there is none. */
function closing(text, at) {
  const { value, done } = topLevel(text, at).next();
  return done ? -1 : value + 1;
}

function simpleOf(kind, name, text, list = null) {
  const inner = list ?? [];
  const size = inner.reduce((sum, each) => sum + each.size, 1);
  const varies = variesByItself(kind, name, text) || inner.some(selectorVaries);
  return { kind, name, text, list, size, varies };
}

function selectorVaries(selector) {
  return selector.compounds.some((compound) => compound.some((simple) => simple.varies));
}

function unescaped(text) {
  return text.replace(/\\(?:([0-9a-f]{1,6})\s?|(.))/gi, (whole, code, sign) => {
    if (sign !== undefined) return sign;
    const point = parseInt(code, 16);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
  });
}

/** `:is()` of selectors, as a simple selector; `where` has no specificity. */
function anyOf(selectors, name = 'is') {
  return simpleOf('pseudo', name, `:${name}(${selectors.map((each) => selectorText(each)).join(',')})`, selectors);
}

/** A selector as text; `write` gives each simple selector's, and an empty one leaves it out. */
function selectorText(selector, write = (simple) => simple.text) {
  let text = selector.lead === '' ? '' : `${selector.lead} `;
  selector.compounds.forEach((compound, index) => {
    if (index > 0) text += selector.combinators[index - 1] === ' ' ? ' ' : ` ${selector.combinators[index - 1]} `;
    text += compoundText(compound, write);
  });
  return text;
}

/** A tag stands first, wherever nesting has put it. */
function compoundText(compound, write) {
  let tag = '';
  let rest = '';
  for (const simple of compound) {
    if (simple.kind === 'tag' || simple.kind === 'any') tag += write(simple);
    else rest += write(simple);
  }
  return tag + rest || '*';
}

/** Specificity as one number: ids count a million, classes a thousand (Selectors 4, section 17). */
function specificityOf(selector) {
  let sum = 0;
  for (const compound of selector.compounds) for (const simple of compound) sum += specificityOfSimple(simple);
  return sum;
}

function specificityOfSimple({ kind, name, text, list }) {
  const strongest = (selectors) => selectors.reduce((most, each) => Math.max(most, specificityOf(each)), 0);
  if (kind === 'id') return 1000000;
  if (kind === 'tag') return 1;
  if (kind === 'any' || kind === 'nesting' || name === 'where') return 0;
  if (kind === 'element') return 1 + strongest(list ?? []);
  if (kind !== 'pseudo') return 1000;
  if (ANY_OF.has(name) || name === 'not' || name === 'has') return strongest(list ?? []);
  const of = name.startsWith('nth-') ? /\sof\s(.*)\)$/.exec(text) : null;
  return 1000 + strongest(of ? parseSelectors(of[1]) : list ?? []);
}

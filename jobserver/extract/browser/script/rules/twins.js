// What CSSOM cannot say of a block: its sheet is read again with every such shorthand under a second name.

// A shorthand with a variable has no longhands yet. Once another declaration takes one of them away, the browser can
// write it neither as a shorthand nor as longhands (CSS Variables 1, section 3.3). As a custom property it is kept.
const SECOND_NAME = '--jobserver-of-';
const WITH_VARIABLE = /([{;]\s*)(?!--)([a-z-]+)\s*:([^;{}"']*var\([^;{}"']*)/gi;
const STRING_OR_COMMENT = /("(?:[^"\\\n]|\\[^])*"?|'(?:[^'\\\n]|\\[^])*'?|url\([^)"']*\)?)|\/\*[^]*?(?:\*\/|$)/gi;
const BLOCK = /(?<=^|[{};])([^{};]*)\{([^{}"'/\\]*)\}/g;

const textsOfSheets = new WeakMap();
const twins = new WeakMap();
const placesOfRules = new WeakMap();

/** `[name, value]` of the shorthand that a longhand without a value comes from; `[null, '']` where it is not known. */
function lostShorthand(longhand, rule) {
  const twin = rule ? twinOf(rule) : null;
  let found = [null, ''];
  for (const name of twin?.style ?? []) {
    if (!name.startsWith(SECOND_NAME)) continue;
    const shorthand = name.slice(SECOND_NAME.length);
    if (longhandsOf(shorthand).includes(longhand)) found = [shorthand, twin.style.getPropertyValue(name)];
  }
  return found;
}

/** The same rule in the sheet's twin. */
function twinOf(rule) {
  const outer = rule.parentRule ? twinOf(rule.parentRule) : twinSheet(rule.parentStyleSheet);
  if (!outer) return null;
  const twin = outer.cssRules[placeIn(rule.parentRule ?? rule.parentStyleSheet, rule)];
  return twin?.constructor === rule.constructor && twin.selectorText === rule.selectorText ? twin : null;
}

/** The place of a rule without the imports before it, which a constructed sheet has not. */
function placeIn(parent, rule) {
  if (!placesOfRules.has(parent)) {
    const kept = [...parent.cssRules].filter((each) => !(each instanceof CSSImportRule));
    placesOfRules.set(parent, new Map(kept.map((each, place) => [each, place])));
  }
  return placesOfRules.get(parent).get(rule);
}

function twinSheet(sheet) {
  if (sheet === null) return null;
  if (!twins.has(sheet)) twins.set(sheet, makeTwin(textOfSheet(sheet)));
  return twins.get(sheet);
}

function textOfSheet(sheet) {
  const { ownerNode, href } = sheet;
  const text = textsOfSheets.get(sheet) ?? readState.texts.get(href);
  return text ?? (ownerNode?.localName === 'style' ? ownerNode.textContent : null);
}

/** Blocks without a second name are emptied, since to parse them takes the time; of an at-rule nothing might be left then. */
function makeTwin(text) {
  if (text === null) return null;
  const plain = text.replace(STRING_OR_COMMENT, (whole, kept) => kept ?? ' ');
  const named = plain.replace(WITH_VARIABLE, (whole, before, name, value) => (
    longhandsOf(name).length > 1 ? `${before}${SECOND_NAME}${name.toLowerCase()}:${value};${name}:${value}` : whole));
  const twin = new CSSStyleSheet();
  twin.replaceSync(named.replace(BLOCK, (whole, prelude, block) => (
    prelude.includes('@') || block.includes(SECOND_NAME) ? whole : `${prelude}{}`)));
  return twin;
}

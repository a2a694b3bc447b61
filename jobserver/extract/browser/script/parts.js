// Parts of controls that computed style does not tell of (a slider's thumb, the button of a file input): their rules.

const PART = /::(?:file-selector-button|-webkit-(?:file-upload-button|slider-[\w-]+|progress-[\w-]+|meter-[\w-]+|search-[\w-]+|(?:inner|outer)-spin-button|color-swatch(?:-wrapper)?|calendar-picker-indicator|datetime-edit[\w-]*|date-and-time-value))$/;
const WITH_PARTS = new Set(['input', 'progress', 'meter']);
const DECLARATION = /([\w-]+)\s*:\s*((?:"[^"]*"|'[^']*'|\((?:"[^"]*"|'[^']*'|\([^()]*\)|[^()"'])*\)|[^;"'()])+)/g;
const VAR = /var\(\s*(--[\w-]+)\s*(?:,((?:[^()]|\([^()]*\))*))?\)/;
const MAX_PARTS = 1000;

let partRules = null;

function findPartRules() {
  const found = [];
  for (const [rule, , root] of everyRule()) {
    if (!(rule instanceof CSSStyleRule) || !rule.selectorText.includes('::') || found.length >= MAX_PARTS) continue;
    for (const selector of rule.selectorText.split(/,(?![^(]*\))/).map((part) => part.trim())) {
      const part = PART.exec(selector);
      if (part) found.push({ root, owner: selector.slice(0, part.index) || '*', suffix: part[0], text: rule.style.cssText });
    }
  }
  return found;
}

/** One rule for each part of a control that the page styles, for the state it is in now. */
function partsOf(element) {
  if (!WITH_PARTS.has(safe(element).localName)) return [];
  partRules ??= findPartRules();
  const parts = new Map();
  for (const { root, owner, suffix, text } of partRules) {
    if (root !== element.getRootNode() || !matches(element, owner)) continue;
    const declarations = parts.get(suffix) ?? parts.set(suffix, {}).get(suffix);
    for (const [, name, value] of text.matchAll(DECLARATION)) {
      const plain = withoutVariables(value, element);
      if (plain && !name.startsWith('transition')) declarations[name] = plain;
    }
  }
  return [...parts].map(([suffix, declarations]) => ({ suffix, declarations }));
}

function matches(element, selector) {
  try {
    return element.matches(selector);
  } catch {
    return false; // a selector that only makes sense with its pseudo-element
  }
}

/** The value with every var() replaced, or null when one has no value. */
function withoutVariables(value, element) {
  const style = getComputedStyle(element);
  let plain = value.trim();
  for (let round = 0; round < 20; round += 1) {
    const use = VAR.exec(plain);
    if (use === null) return plain;
    const known = style.getPropertyValue(use[1]).trim() || use[2]?.trim();
    if (!known) return null;
    plain = plain.replace(use[0], () => known);
  }
  return null;
}

// Rules that belong to no element but that the components need: fonts and keyframes.

const MAX_HEAD_RULE = 400000;

/** Whole rules, in the order of the page, for the families (lower case) and the animations in use. */
function headRules(families, animations, warnings) {
  const rules = new Set();
  const unread = new Set();
  for (const [rule, base] of everyRule((sheet) => unread.add(sheet))) {
    const needed = (rule instanceof CSSFontFaceRule && isFaceNeeded(rule, families))
      || (rule instanceof CSSKeyframesRule && animations.has(rule.name));
    if (needed) rules.add(withAbsoluteUrls(rule.cssText, base));
  }
  if (unread.size > 0) warnings.push(`Style sheets that could not be read: ${unread.size}.`);
  return [...rules].filter((text) => text.length <= MAX_HEAD_RULE);
}

/** Of a family in many parts, such as one per script, only those that the page has really loaded. */
function isFaceNeeded(rule, families) {
  const name = (value) => value.trim().replace(/^["']|["']$/g, '').toLowerCase();
  const family = name(rule.style.getPropertyValue('font-family'));
  if (!families.has(family)) return false;
  const loaded = [...document.fonts].filter((face) => name(face.family) === family && face.status === 'loaded');
  if (loaded.length === 0) return true;
  const said = (descriptor, initial) => (rule.style.getPropertyValue(descriptor) || initial).trim().toLowerCase();
  return loaded.some((face) => (
    weight(face.weight) === weight(said('font-weight', 'normal')) && face.style.toLowerCase() === said('font-style', 'normal')
    && face.unicodeRange.toLowerCase() === said('unicode-range', 'u+0-10ffff')));
}

function weight(value) {
  return value.replace('normal', '400').replace('bold', '700');
}

function withAbsoluteUrls(text, base) {
  return text.replace(/url\("([^"]*)"\)/g, (whole, url) => {
    if (/^(?:data:|#)/i.test(url)) return whole;
    try {
      return `url("${new URL(url, base).href}")`;
    } catch {
      return whole;
    }
  });
}

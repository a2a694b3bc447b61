// The rules that make a node look as it does: its computed style, without what it would have anyway.

// Defaults in em: they follow the font size, so what was measured at another size says nothing.
const RELATIVE = /^(?:margin|padding)-|^(?:font-size|list-style-type)$/;
const SIDES = ['top', 'right', 'bottom', 'left'];
const PLACEMENT = /^(?:align-self|justify-self|order|z-index|float|clear|vertical-align|top|right|bottom|left|flex-(?:grow|shrink|basis)|grid-(?:row|column)-(?:start|end)|margin-.*)$/;
const BOXED = new Set([...SIZED, 'input', 'select', 'textarea', 'button', 'progress', 'meter', 'fieldset']);
const MARKER = ['color', 'content', 'font-family', 'font-size', 'font-weight'];
const INDEX = Object.fromEntries(NAMES.map((name, index) => [name, index]));
const { base: BASE, tags: DEFAULTS } = options.defaults;
const NO_DEFAULTS = { own: {}, fixed: {} };

/** A control without its theme has other defaults than with it, and disabled others than enabled. */
function defaultsOf(tag, element, values) {
  const its = safe(element);
  if (its.namespaceURI !== 'http://www.w3.org/1999/xhtml') return DEFAULTS[`svg:${tag}`] ?? NO_DEFAULTS;
  const name = tag === 'input' ? `input:${its.type}` : tag === 'a' && its.hasAttribute('href') ? 'a:link' : tag;
  const state = its.matches(':disabled') ? ':disabled' : '';
  const theme = values[INDEX.appearance] === 'none' ? ':none' : '';
  return DEFAULTS[name + state + theme] ?? DEFAULTS[name + state] ?? DEFAULTS[name] ?? DEFAULTS[tag] ?? NO_DEFAULTS;
}

/** Name → value of what has to be said about a node whose parent has `inherited` values. */
function difference(values, inherited, { own, fixed }, isSvg) {
  const declarations = {};
  NAMES.forEach((name, index) => {
    if (!isSvg && SVG_ONLY.test(name)) return;
    const byItself = Object.hasOwn(fixed, name) || Object.hasOwn(own, name);
    const expected = Object.hasOwn(INHERITED, name) ? (fixed[name] ?? inherited[index]) : (own[name] ?? BASE[index]);
    if (values[index] !== expected || (byItself && RELATIVE.test(name))) declarations[name] = values[index];
  });
  return declarations;
}

/** A line is said whole or not at all: a style without its width would be `medium`. */
function tidyLines(declarations, values, own) {
  for (const line of [...SIDES.map((side) => `border-${side}`), 'outline', 'column-rule']) {
    const [width, style, color] = ['width', 'style', 'color'].map((part) => `${line}-${part}`);
    const shown = !/^(?:none|hidden)$/.test(values[INDEX[style]]) && values[INDEX[width]] !== '0px';
    const said = width in declarations || style in declarations || color in declarations;
    const byItself = Object.hasOwn(own, style) && own[style] !== 'none';
    for (const part of [width, style]) delete declarations[part];
    if (shown && said) {
      declarations[width] = values[INDEX[width]];
      declarations[style] = values[INDEX[style]];
    } else if (!shown) {
      delete declarations[color];
      if (byItself) declarations[style] = 'none';
    }
  }
}

function tidyRest(declarations, values) {
  const value = (name) => values[INDEX[name]];
  if (value('transform') === 'none' && value('animation-name') === 'none') {
    delete declarations['transform-origin'];
    delete declarations['perspective-origin'];
  } else if (value('perspective') === 'none') delete declarations['perspective-origin'];
  if (value('text-decoration-line') === 'none') {
    delete declarations['text-decoration-color'];
    delete declarations['text-decoration-style'];
    delete declarations['text-decoration-thickness'];
  }
  if (value('position') === 'static') for (const side of SIDES) delete declarations[side];
  if (value('display') === 'inline') for (const name of ['width', 'height']) if (declarations[name] === 'auto') delete declarations[name];
}

/** {values, rules} of a node: `inherited` are its parent's values, null for the component's root. */
function styleOf(element, tag, inherited) {
  const values = readStyle(element);
  const defaults = defaultsOf(tag, element, values);
  const isSvg = safe(element).namespaceURI === 'http://www.w3.org/2000/svg';
  const from = inherited ?? BASE;
  const context = isSvg && tag === 'svg' ? from.map((value, index) => (SVG_ONLY.test(NAMES[index]) ? BASE[index] : value)) : from;
  const declarations = difference(values, context, defaults, isSvg);
  if (values[INDEX.appearance] === 'none' && DEFAULTS[tag]?.own.appearance) declarations.appearance = 'none';
  tidyLines(declarations, values, defaults.own);
  tidyRest(declarations, values);
  if (isSvg) dropGeometry(declarations, element);
  else if (SIZED.has(safe(element).localName)) keepSize(declarations, element);
  if (inherited === null) standAlone(declarations, element, values, defaults.own);
  else if (values[INDEX.position] === 'fixed') declarations.position = 'absolute';
  const rules = [{ suffix: '', declarations }, ...pseudoRules(element, values)];
  return { values, rules: rules.filter((rule) => Object.keys(rule.declarations).length > 0) };
}

/** Of an svg's shapes the attributes say where they are. */
function dropGeometry(declarations, element) {
  for (const name of ['d', 'cx', 'cy', 'r', 'rx', 'ry', 'x', 'y', 'width', 'height']) {
    if (name in declarations && element.hasAttribute(name)) delete declarations[name];
  }
  delete declarations['transform-origin'];
  delete declarations['transform-box'];
  if (element.hasAttribute('transform')) delete declarations.transform;
}

/** Pictures keep their place even where they cannot be loaded. */
function keepSize(declarations, element) {
  const style = getComputedStyle(element);
  if (!('width' in declarations) && style.width !== 'auto') declarations.width = style.width;
  if (element.localName !== 'img' && !('height' in declarations) && style.height !== 'auto') declarations.height = style.height;
}

/** The root no longer stands where it stood: its place goes, the size that its place gave it stays. */
function standAlone(declarations, element, values, own) {
  const style = getComputedStyle(element);
  const parent = renderedParent(element);
  const parentDisplay = parent ? getComputedStyle(parent).display : 'block';
  const isItem = /flex|grid/.test(parentDisplay);
  const isOut = /^(?:absolute|fixed)$/.test(style.position) || style.float !== 'none';
  for (const name of Object.keys(declarations)) if (PLACEMENT.test(name)) delete declarations[name];
  for (const side of SIDES) if ((own[`margin-${side}`] ?? '0px') !== '0px') declarations[`margin-${side}`] = '0px';
  if (style.position !== 'static') declarations.position = 'relative';
  if (isOut && /^(?:matrix\(1, 0, 0, 1, |none)/.test(style.transform)) delete declarations.transform;
  if (style.display === 'inline' || style.display === 'contents') return;
  if (style.display === 'block' && (isItem || isOut) && !BOXED.has(safe(element).localName)) declarations.display = 'flow-root';
  for (const name of ['width', 'height']) {
    const relative = /%|stretch|available/.test(values[INDEX[name]]);
    if (isItem || isOut || relative) declarations[name] = style[name];
    for (const bound of [`min-${name}`, `max-${name}`]) {
      if (/%/.test(declarations[bound] ?? '') && declarations[bound] !== '100%') delete declarations[bound];
    }
  }
}

function pseudoRules(element, values) {
  const rules = [];
  for (const suffix of ['::before', '::after']) {
    const style = getComputedStyle(element, suffix);
    if (/^(?:none|normal|)$/.test(style.content) || style.display === 'none') continue;
    const own = readStyle(element, suffix);
    const declarations = { content: style.content, ...difference(own, values, NO_DEFAULTS, false) };
    tidyLines(declarations, own, {});
    tidyRest(declarations, own);
    rules.push({ suffix, declarations });
  }
  if (values[INDEX.display] === 'list-item') rules.push(partRule(element, '::marker', MARKER, values));
  if (safe(element).placeholder) rules.push(partRule(element, '::placeholder', ['color', 'opacity', 'font-style', 'font-weight'], values));
  return [...rules, ...partsOf(element)];
}

function partRule(element, suffix, names, values) {
  const style = getComputedStyle(element, suffix);
  const differs = (name) => style.getPropertyValue(name) !== values[INDEX[name]];
  const declarations = Object.fromEntries(names.filter(differs).map((name) => [name, style.getPropertyValue(name)]));
  if (declarations.content === 'normal') delete declarations.content;
  return { suffix, declarations };
}

// Reads the page's style sheets in the order of the cascade.

const MAX_RULES = 60000;
const MAX_NESTED = 24;
const MAX_TREES = 2000;
const RULES_A_LOOK = 16;
const MAX_NAMED = 3;
const MAX_ADDRESS = 200;

const ruleTrees = new Map();
const atRules = { fonts: [], keyframes: [], properties: [] };
const readState = { count: 0, texts: new Map(), unread: [], unknown: 0, scope: null };

/** Reads all that styles the page; → sentences about what could not be read.
 *
 * `texts`: `{ url, text }` of sheets that do not show all their rules; a text of null is that of one that never came.
 */
async function readRules(texts = []) {
  for (const { url, text } of texts) readState.texts.set(url, text);
  for (const root of rootsWithSheets()) {
    const tree = { root, depth: depthOf(root), layers: layerOf(null), buckets: new Map(), counts: countNames(root) };
    ruleTrees.set(root, tree);
    const place = {
      tree, base: document.baseURI, conditions: [], layer: tree.layers, parents: null, scopes: [], owner: null, level: 0,
    };
    for (const sheet of sheetsOf(root)) await readSheet(sheet, sheet.media.mediaText, place);
    rankLayers(tree.layers, 0);
  }
  const warnings = [];
  if (readState.unread.length > 0) warnings.push(`Style sheets that could not be read: ${named(readState.unread)}.`);
  if (readState.count >= MAX_RULES) warnings.push(`Only the first ${MAX_RULES} style rules were read.`);
  return warnings;
}

/** How many, and the addresses of the first, without what may be a secret in them. */
function named(urls) {
  const shown = urls.slice(0, MAX_NAMED).map((url) => {
    const { origin, pathname, protocol } = URL.parse(url) ?? { protocol: 'unknown' };
    return /^https?:$/.test(protocol) ? `${origin}${pathname}`.slice(0, MAX_ADDRESS) : protocol;
  });
  return `${urls.length} (${shown.join(', ')}${urls.length > shown.length ? ', …' : ''})`;
}

function rootsWithSheets() {
  const roots = [document];
  for (let at = 0; at < roots.length && roots.length < MAX_TREES; at += 1) {
    for (const element of roots[at].querySelectorAll('*')) {
      const { shadowRoot } = safe(element);
      if (shadowRoot) roots.push(shadowRoot);
    }
  }
  return roots;
}

function depthOf(root) {
  return root === document ? 0 : depthOf(safe(root.host).getRootNode()) + 1;
}

/** The sheets that apply; of those with a title only one set does (CSSOM 1, section 6.2). */
function sheetsOf(root) {
  const sheets = [...root.styleSheets];
  const isAlternate = ({ ownerNode }) => /(?:^|\s)alternate(?:\s|$)/i.test(ownerNode?.getAttribute?.('rel') ?? '');
  const chosen = root === document ? sheets.find((sheet) => sheet.title && !isAlternate(sheet))?.title : null;
  const applies = (sheet) => !sheet.disabled && (root !== document || !sheet.title || sheet.title === chosen);
  return [...sheets.filter(applies), ...[...root.adoptedStyleSheets].filter((sheet) => !sheet.disabled)];
}

async function readSheet(sheet, media, place) {
  const conditions = withMedia(place.conditions, media);
  if (conditions === null) return;
  const inner = { ...place, conditions, base: sheet.href ?? place.base, owner: sheet.ownerNode ?? place.owner };
  const rules = shownRules(sheet);
  if (rules !== null) await readList(rules, inner);
  else await readClosed(sheet.href, inner);
}

function shownRules(sheet) {
  try {
    return sheet.cssRules;
  } catch {
    return null;
  }
}

async function readList(rules, place) {
  if (place.level > MAX_NESTED) return;
  let count = 0;
  for (const rule of rules) {
    if (readState.count >= MAX_RULES) return;
    // Most need no waiting, and waiting for nothing takes its time too, as does asking for the time.
    count += 1;
    const pause = count % RULES_A_LOOK === 0 ? breathe() : undefined;
    if (pause) await pause;
    const reading = readRule(rule, place);
    if (reading) await reading;
  }
}

/** A promise where the rule has others in it. */
function readRule(rule, place) {
  if (rule instanceof CSSStyleRule) return readStyleRule(rule, place);
  if (rule instanceof CSSNestedDeclarations) return addDeclarations(rule, place);
  if (rule instanceof CSSImportRule) return readImport(rule, place);
  if (rule.cssRules && !(rule instanceof CSSKeyframesRule)) return readGroup(rule, place);
  if (rule instanceof CSSLayerStatementRule) for (const name of rule.nameList) layerWithin(place.layer, name);
  else if (rule instanceof CSSFontFaceRule) atRules.fonts.push({ rule, base: place.base, conditions: place.conditions });
  else if (rule instanceof CSSKeyframesRule) atRules.keyframes.push({ rule, ...place });
  else if (rule instanceof CSSPropertyRule) atRules.properties.push(rule);
  return undefined;
}

async function readImport(rule, place) {
  if (rule.styleSheet === null || !isSupported(rule.supportsText)) return;
  const layer = rule.layerName === null ? place.layer : layerWithin(place.layer, rule.layerName);
  await readSheet(rule.styleSheet, rule.media.mediaText, { ...place, layer, level: place.level + 1 });
}

/** Of an import's `supports()`; a declaration stands there without brackets of its own. */
function isSupported(condition) {
  return (condition ?? '') === '' || CSS.supports(condition) || CSS.supports(`(${condition})`);
}

async function readGroup(rule, place) {
  const inner = { ...place, level: place.level + 1 };
  if (rule instanceof CSSMediaRule) inner.conditions = withMedia(place.conditions, rule.media.mediaText);
  else if (rule instanceof CSSSupportsRule) inner.conditions = CSS.supports(rule.conditionText) ? place.conditions : null;
  else if (rule instanceof CSSContainerRule) inner.conditions = withContainer(place.conditions, rule.conditionText);
  else if (rule instanceof CSSStartingStyleRule) inner.conditions = [...place.conditions, '@starting-style'];
  else if (rule instanceof CSSLayerBlockRule) inner.layer = layerWithin(place.layer, rule.name);
  else if (rule instanceof CSSScopeRule) enterScope(inner, rule);
  else return;
  if (inner.conditions !== null) await readList(rule.cssRules, inner);
}

/** Inside `@scope` a selector is relative to the scope's root (CSS Cascading 6, section 2.5). */
function enterScope(inner, { start, end }) {
  const within = (text, parents) => parseSelectors(text).map((each) => (
    parents && names(each, namesParent) ? nested(each, parents) : each)).filter((each) => each !== null);
  inner.scopes = [...inner.scopes, {
    start: start === null ? null : within(start, inner.parents),
    end: end === null ? null : within(end, scopeItself()),
    owner: inner.owner,
  }];
  inner.parents = scopeItself();
}

function readStyleRule(rule, place) {
  const parents = selectorsOf(rule.selectorText, place.parents);
  addDeclarations(rule, place, parents);
  return rule.cssRules.length > 0 ? readList(rule.cssRules, { ...place, parents, level: place.level + 1 }) : undefined;
}

/** Selectors still as text where nothing is nested: most are never looked at again. */
function selectorsOf(text, parents) {
  if (parents === null) return text;
  const outer = (typeof parents === 'string' ? parseSelectors(parents) : parents).filter((each) => pseudoOf(each) === '');
  const isWhole = (selector) => parents === scopeItself() && selector.lead === '' && names(selector, namesScope);
  return parseSelectors(text).map((each) => (isWhole(each) ? each : nested(each, outer))).filter((each) => each !== null);
}

/** What `&` stands for in `@scope`, without any specificity. */
function scopeItself() {
  readState.scope ??= [selectorOfParts([[anyOf(parseSelectors(':scope'), 'where')]], [])];
  return readState.scope;
}

function namesScope({ kind, name }) {
  return kind === 'pseudo' && name === 'scope';
}

function layerOf(name) {
  return { name, inner: [], rank: 0 };
}

/** The layer `a.b` inside another; an empty name is a new layer each time. */
function layerWithin(layer, name) {
  let inside = layer;
  for (const part of name === '' ? [''] : name.split('.')) {
    let found = part === '' ? undefined : inside.inner.find((each) => each.name === part);
    if (found === undefined) {
      found = layerOf(part);
      inside.inner.push(found);
    }
    inside = found;
  }
  return inside;
}

/** Later layers win, and what is in a layer itself wins over the layers in it (CSS Cascading 5, section 6.4). */
function rankLayers(layer, from) {
  let rank = from;
  for (const inner of layer.inner) rank = rankLayers(inner, rank);
  layer.rank = rank;
  return rank + 1;
}

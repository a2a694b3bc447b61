// Reads sheets of other origins, which do not show their rules, from their texts.

const COMMENT = /\s*(?:\/\*[^]*?\*\/|<!--|-->|@charset\s+"[^"]*"\s*;)/iy;
const LAYERS = /\s*@layer\s+([\w\s.,-]+);/iy;
const IMPORT = /\s*@import\s+((?:"[^"]*"|'[^']*'|\([^()]*(?:\([^()]*\)[^()]*)*\)|[^;"'(])*);/iy;
// An address, then perhaps a layer, a feature condition and media queries (CSS Cascading 5, section 2).
const IMPORT_ADDRESS = /^(?:url\(\s*)?(?:"([^"]*)"|'([^']*)'|([^)\s]*))\s*\)?\s*/i;
const IMPORT_LAYER = /^layer(?:\(([^)]*)\)|(?![\w(-]))\s*/i;
const IMPORT_SUPPORTS = /^supports\(((?:[^()]|\([^()]*\))*)\)\s*/i;

/** What the text of a sheet at `url` says; noted as unread where there is none, and as unknown what it may do then. */
async function readClosed(url, place) {
  const text = readState.texts.get(url);
  if (typeof text !== 'string') {
    readState.unread.push(url);
    if (text === undefined) readState.unknown += 1;
    return;
  }
  const inner = { ...place, base: url, level: place.level + 1 };
  if (inner.level > MAX_NESTED) return;
  await readHead(text, inner);
  const sheet = new CSSStyleSheet({ baseURL: url });
  sheet.replaceSync(text);
  textsOfSheets.set(sheet, text);
  await readList(sheet.cssRules, inner);
}

/** The imports at the beginning, which a constructed sheet leaves out, and the layers named before them. */
async function readHead(text, place) {
  for (let at = 0; at < text.length;) {
    const [comment, layers, statement] = [COMMENT, LAYERS, IMPORT].map((pattern) => foundAt(pattern, text, at));
    if (layers) for (const name of layers[1].split(',')) layerWithin(place.layer, name.trim());
    if (statement) await readImportText(statement[1].trim(), place);
    const found = comment ?? layers ?? statement;
    if (!found) return;
    at += found[0].length;
  }
}

function foundAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

async function readImportText(prelude, place) {
  const [whole, ...address] = IMPORT_ADDRESS.exec(prelude);
  const url = absoluteAddress('', address, place.base).slice(5, -2);
  let rest = prelude.slice(whole.length);
  const layer = IMPORT_LAYER.exec(rest);
  rest = rest.slice(layer?.[0].length ?? 0);
  const supports = IMPORT_SUPPORTS.exec(rest);
  const conditions = withMedia(place.conditions, rest.slice(supports?.[0].length ?? 0));
  if (url === '' || conditions === null || !isSupported(supports?.[1])) return;
  await readClosed(url, { ...place, conditions, layer: layer ? layerWithin(place.layer, layer[1]?.trim() ?? '') : place.layer });
}

// Reads the whole page and returns it as JSON text.

const MAX_OUTER = 400;
const MAX_LABEL = 300;
const warnings = [];
const captured = new Map();
const families = new Set();
const animations = new Set();
let elementsLeft = options.elements;
let cut = 0;
let leftOut = 0;

/** The tree of the first component of a look, or null when there is no room for more. */
async function treeOf(element) {
  if (captured.size >= options.components || elementsLeft <= 0) return null;
  const most = Math.min(options.elementsEach, elementsLeft);
  const budget = { elements: most, cut: false, root: element, used: new Set(), symbols: [], families, animations };
  const tree = await captureTree(element, null, budget);
  if (budget.symbols.length > 0) hideSymbols(tree, budget.symbols);
  elementsLeft -= most - budget.elements;
  if (budget.cut) cut += 1;
  return tree;
}

function hideSymbols(tree, symbols) {
  const svg = tree.tag === 'svg' ? tree : findSvg(tree);
  svg?.children.unshift({ tag: 'defs', attrs: {}, rules: [], children: symbols });
}

function findSvg(node) {
  for (const child of node.children) {
    if (typeof child === 'string') continue;
    const found = child.tag === 'svg' ? child : findSvg(child);
    if (found) return found;
  }
  return null;
}

function textOf(element) {
  const secret = element.type === 'password';
  const words = element.innerText || (secret ? '' : element.value) || element.alt || element.placeholder
    || element.getAttribute('aria-label') || element.title || '';
  return String(words).replace(/\s+/g, ' ').trim().slice(0, MAX_LABEL);
}

function outerOf(element) {
  const shallow = element.cloneNode(false).outerHTML;
  if (shallow.length > MAX_OUTER) return shallow.slice(0, MAX_OUTER);
  return element.outerHTML.slice(0, MAX_OUTER);
}

const found = [];
for (const [element, kind, box] of await pickAll(options.scanned, warnings)) {
  await breathe();
  const look = `${kind}-${await lookOf(element)}`;
  const first = !captured.has(look);
  const root = first ? await treeOf(element) : undefined;
  if (root === null) {
    leftOut += 1;
    continue;
  }
  if (first) captured.set(look, true);
  const item = { kind, look, box, selector: selectorOf(element), text: textOf(element), outerHtml: outerOf(element) };
  if (element.href && typeof element.href === 'string') item.href = element.href;
  if (root) item.root = root;
  found.push(item);
}
if (cut > 0) warnings.push(`Very large components were cut after ${options.elementsEach} elements each: ${cut}.`);
if (leftOut > 0) warnings.push(`The limit of ${options.components} components was reached; elements left out: ${leftOut}.`);
const headCss = headRules(families, animations, warnings);
return JSON.stringify({ title: document.title.slice(0, MAX_LABEL), found, headCss, warnings });

// Reads the whole page and returns it as JSON text.

const MAX_OUTER = 400;
const MAX_LABEL = 300;
const warnings = [];
const captured = new Set();
const families = new Set();
const animations = new Set();
let elementsLeft = options.elements;
let cut = 0;
let leftOut = 0;
let unread = 0;

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
  const its = safe(element);
  const secret = its.type === 'password';
  const words = its.innerText || (secret ? '' : its.value) || its.alt || its.placeholder
    || its.getAttribute('aria-label') || its.title || '';
  return String(words).replace(/\s+/g, ' ').trim().slice(0, MAX_LABEL);
}

function outerOf(element) {
  const shallow = safe(safe(element).cloneNode(false)).outerHTML;
  if (shallow.length > MAX_OUTER) return shallow.slice(0, MAX_OUTER);
  return safe(element).outerHTML.slice(0, MAX_OUTER);
}

/** What is said about one component; null when there is no room for another look. */
async function componentOf(element, kind, box) {
  if (!safe(element).isConnected) throw new Error('The page took it away.');
  const look = `${kind}-${await lookOf(element)}`;
  const first = !captured.has(look);
  const root = first ? await treeOf(element) : undefined;
  if (root === null) return null;
  const item = { kind, look, box, selector: selectorOf(element), text: textOf(element), outerHtml: outerOf(element) };
  const { href } = safe(element);
  if (href && typeof href === 'string') item.href = href;
  if (root) item.root = root;
  captured.add(look);
  return item;
}

const found = [];
for (const [element, kind, box] of await pickAll(options.scanned, warnings)) {
  await breathe();
  try {
    const item = await componentOf(element, kind, box);
    if (item) found.push(item);
    else leftOut += 1;
  } catch {
    unread += 1; // whatever is wrong with one element, the others are worth having
  }
}
if (unread > 0) warnings.push(`Elements that could not be read: ${unread}.`);
if (cut > 0) warnings.push(`Very large components were cut after ${options.elementsEach} elements each: ${cut}.`);
if (leftOut > 0) warnings.push(`The limit of ${options.components} components was reached; elements left out: ${leftOut}.`);
const headCss = headRules(families, animations, warnings);
return JSON.stringify({ title: document.title.slice(0, MAX_LABEL), found, headCss, warnings });

// A blank page of our own inside the page, as wide as it, in which components are built to see what their rules make of them.

const BASE_SHEET = `body { margin: 0 } html { overflow: hidden }
  *, *::before, *::after, *::marker, *::placeholder { transition: none !important; animation: none !important }`;
const OUT_OF_THE_WAY = {
  all: 'initial', position: 'fixed', top: '0', left: '0', 'pointer-events': 'none', 'z-index': '-1',
};
// By a name and in a place of which no page's rules speak: behind everything the body would not be the last.
const HOST = 'jobserver-sandbox';
const NOT_COME = 'There was no time for pictures or fonts to come again; the sizes of some components may be wrong.';
const NOT_BUILT = new Set(['class', 'autofocus', 'usemap', 'srcdoc']);

/** {document, view, isOpen, empty, close, isLate}, or null where the page allows no frame that we may write in. */
async function openSandbox() {
  if (documentElement === null) return null;
  const host = document.createElement(HOST);
  for (const [name, value] of Object.entries(OUT_OF_THE_WAY)) host.style.setProperty(name, value, 'important');
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-same-origin');
  frame.style.cssText = 'border: 0; visibility: hidden';
  fitToPage(frame);
  host.attachShadow({ mode: 'closed' }).append(frame);
  documentElement.prepend(host);
  const close = () => host.remove();
  if (frame.contentDocument && frame.contentWindow) {
    const sandbox = furnished(frame, close);
    await new Promise((resolve) => setTimeout(resolve)); // whoever takes away what others put into the page has done so
    if (sandbox.isOpen()) return sandbox;
  }
  close();
  return null;
}

function fitToPage({ style }) {
  style.width = `${innerWidth}px`;
  style.height = `${innerHeight}px`;
}

/** The sandbox of an earlier pass, whose fonts are there already; another one where the page has taken it away. */
async function reopened(sandbox) {
  if (!sandbox.isOpen()) return openSandbox();
  fitToPage(sandbox.view.frameElement);
  sandbox.isLate = false;
  return sandbox;
}

/** An empty page in standards mode: one that was opened again and never ended. No policy of the page's has a say in it. */
function blankPage({ contentDocument, contentWindow }) {
  contentDocument.open(); // no quirks from here on (HTML, "document open steps")
  const root = contentDocument.createElement('html');
  root.append(contentDocument.createElement('head'), contentDocument.createElement('body'));
  contentDocument.append(root);
  contentWindow.stop(); // else its fonts are never ready
  return contentDocument;
}

function furnished(frame, close) {
  const page = blankPage(frame);
  const view = frame.contentWindow;
  const [base, fonts, rules, repairs] = Array.from({ length: 4 }, () => new view.CSSStyleSheet());
  base.replaceSync(BASE_SHEET);
  page.adoptedStyleSheets = [base, fonts, rules, repairs];
  const isOpen = () => frame.contentDocument === page;
  return { document: page, view, fonts, rules, repairs, isOpen, empty: () => page.body.replaceChildren(), close };
}

/** Builds components, each in a wrapper as wide as it and at the same place between two pixels: {x, y, width}. */
async function build(sandbox, components) {
  sandbox.empty();
  sandbox.repairs.replaceSync('');
  furnishFonts(sandbox);
  sandbox.rules.replaceSync(components.map(sheetOf).join('\n'));
  for (const component of components) {
    await breatheInTime();
    const wrapper = sandbox.document.createElement('div');
    const { x, y, width } = component.box;
    wrapper.style.cssText = `position: absolute; left: ${x % 1}px; top: ${y % 1}px; width: ${width}px`;
    wrapper.append(cloneOf(component.root, sandbox.document, component.name, null));
    component.wrapper = wrapper;
  }
  sandbox.document.body.append(...components.map(({ wrapper }) => wrapper));
  await ready(sandbox);
}

/** Pictures and fonts are there: without them no box is what it will be. */
async function ready(sandbox) {
  const { fonts, images, body } = sandbox.document;
  body.getBoundingClientRect(); // fonts are only asked for when text is laid out
  const missing = [...images].filter(({ complete }) => !complete).map(hasCome);
  if (fonts.status === 'loading') missing.push(fonts.ready);
  if (missing.length === 0) return;
  const hasAll = await atMost(Promise.all(missing).then(() => true), options.pictures);
  sandbox.isLate ||= !hasAll;
}

/** Its size is known, or that it has none: to be decoded, as `decode()` has it, takes another frame. */
function hasCome(image) {
  return new Promise((resolve) => {
    for (const event of ['load', 'error']) image.addEventListener(event, resolve, { once: true });
  });
}

/** Fonts that are there already are not asked for again. */
function furnishFonts(sandbox) {
  const text = sandboxFonts();
  if (text !== sandbox.fontText) sandbox.fonts.replaceSync(text);
  sandbox.fontText = text;
}

/** Fonts and registered properties, as the components will have them. */
function sandboxFonts() {
  return [...fontRules(), ...registered().map(({ text }) => text)].join('\n');
}

function atMost(promise, milliseconds) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, milliseconds))]);
}

function sheetOf(component) {
  return component.nodes.flatMap((node) => node.rules.map((rule) => textOfRule(rule, node, component))).join('\n');
}

/** One rule as css; a suffix names other elements of the component as {n}. */
function textOfRule({ suffix, conditions, declarations }, node, component) {
  const block = Object.entries(declarations).map(([name, value]) => `${name}: ${value};`).join(' ');
  const rule = `${selectorIn(component, node, suffix)} { ${block} }`;
  return conditions.reduceRight((inner, condition) => `${condition} { ${inner} }`, rule);
}

function selectorIn(component, node, suffix) {
  return `.${component.name}-${node.place}${suffix.replace(/\{(\d+)\}/g, `.${component.name}-$1`)}`;
}

function cloneOf(node, into, name, outer) {
  const namespace = node.tag === 'svg' || outer === SVG ? SVG : HTML;
  const clone = into.createElementNS(namespace, node.tag);
  clone.setAttribute('class', `${name}-${node.place}`);
  for (const [attribute, value] of Object.entries(node.attrs)) setAttribute(clone, attribute, value, name);
  const children = node.children.map((child) => (
    typeof child === 'string' ? into.createTextNode(child) : cloneOf(child, into, name, namespace)));
  clone.append(...children);
  node.clone = clone;
  return clone;
}

/** Nothing that loads a document or a film; a group of radio buttons stays within its component. */
function setAttribute(clone, attribute, value, name) {
  const { localName } = clone;
  if (NOT_BUILT.has(attribute) || (attribute === 'src' && /^(?:iframe|video|audio|source|input)$/.test(localName))) return;
  try {
    clone.setAttribute(attribute, attribute === 'name' ? `${name} ${value}` : value);
  } catch {
    // A name that only a parser can make; no style depends on it.
  }
}

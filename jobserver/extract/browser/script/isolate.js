// Hides everything in the page but some elements, without a trace that its scripts would look for.

const STRONG = ':not(#_#_#_#_)'; // no rule of a page names more ids than this
const HIDDEN = '{ visibility: hidden !important; transition: none !important }';

/** What is shown of the composed tree: the elements kept in each root, and the roots that are kept whole. */
function keptOf(targets) {
  const kept = new Map();
  const whole = new Set();
  const keep = (element) => {
    const root = safe(element).getRootNode();
    kept.set(root, (kept.get(root) ?? new Set()).add(element));
    rest.push(element);
  };
  const rest = [];
  targets.forEach(keep);
  while (rest.length > 0) {
    const element = rest.pop();
    const { shadowRoot } = safe(element);
    if (shadowRoot) whole.add(shadowRoot);
    for (const child of safe(shadowRoot ?? element).children) rest.push(child);
    // What is shown in a slot stands in another tree, where it would be hidden.
    if (safe(element).localName === 'slot') element.assignedElements().forEach(keep);
  }
  return { kept, whole };
}

function innerRoots(root) {
  return [...root.querySelectorAll('*')].map((element) => safe(element).shadowRoot).filter(Boolean);
}

/** The document and every open shadow root in it. */
function everyRoot() {
  const roots = [document];
  for (const root of roots) roots.push(...innerRoots(root));
  return roots;
}

/** Leads to an element from the top of its tree by numbers alone: no attribute of the page is touched. */
function pathOf(element) {
  const steps = [];
  for (let step = element; step; step = safe(step).parentElement) {
    let place = 1;
    for (let before = safe(step).previousElementSibling; before; before = safe(before).previousElementSibling) place += 1;
    steps.unshift(step === document.documentElement ? ':root' : `:nth-child(${place})`);
  }
  return safe(element).getRootNode() === document ? steps.join(' > ') : `:host > ${steps.join(' > ')}`;
}

/** The name of the first cascade layer of a tree, the strongest for what is important; '' where there is none. */
function firstLayer(root) {
  for (const sheet of root.styleSheets) {
    try {
      for (const rule of sheet.cssRules) {
        const name = rule.nameList?.[0] ?? rule.layerName ?? (rule instanceof CSSLayerBlockRule ? rule.name : null);
        if (name !== null) return name;
      }
    } catch {
      // Another site's sheet: nobody may read it.
    }
  }
  return '';
}

function sheetText(root, paths, shown) {
  const others = `*${paths.length > 0 ? `:not(${paths.map((path) => `${path}, ${path} *`).join(', ')})` : ''}${STRONG}`;
  const rules = [
    `${others}, ${others}::before, ${others}::after ${HIDDEN}`,
    `:root${STRONG}, body${STRONG} { background: none transparent !important }`,
    ...shown.map((path) => `${path}${STRONG} { visibility: visible !important }`),
  ].join('\n');
  // Of rules that are important those in layers are stronger than those without, and those of the first layer strongest.
  return `${rules}\n@layer ${firstLayer(root)} { ${rules} }`;
}

/** Shows `targets` and nothing else, until the next call; `sheets`: root → the style sheet that does it there. */
function isolate(targets, sheets) {
  const { kept, whole } = keptOf(targets);
  const chosen = new Set(targets);
  for (const root of everyRoot()) {
    const sheet = sheets.get(root) ?? new CSSStyleSheet();
    const elements = [...(kept.get(root) ?? [])];
    const shown = elements.filter((element) => chosen.has(element));
    sheet.replaceSync(whole.has(root) ? '' : sheetText(root, elements.map(pathOf), shown.map(pathOf)));
    sheets.set(root, sheet);
    if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
  }
}

// Hides everything in the page but some elements, without a trace that its scripts would look for.
//
// One rule hides the root, and what is in it inherits that. A rule is needed only for who is shown, and for who says of
// itself that it is visible: so few elements are styled anew when others are shown.

const STRONG = ':not(#_#_#_#_)'; // no rule of a page names more ids than this
const AT_ONCE = `*${STRONG}, *${STRONG}::before, *${STRONG}::after { transition: none !important }`;
const CURTAIN = `:root${STRONG} { visibility: hidden !important }
  :root${STRONG}, body${STRONG} { background: none transparent !important }`;
const GENERATED = ['::before', '::after'];
const MANY = 200; // who insist: beyond that one rule for all others costs less than one for each
const DEEP = 100; // who says so in one that says so is found only when that one has been hidden

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
  for (let step = element; step; step = safe(step).parentElement) steps.unshift(stepTo(step));
  const path = safe(element).getRootNode() === document ? steps : [':host', ...steps];
  // With its name the browser need not try the rule on all others.
  return path.join(' > ').replace(/:nth-(?:last-)?child\(\d+\)$/, `${CSS.escape(safe(element).localName)}$&`);
}

function stepTo(element) {
  const { documentElement } = document;
  if (element === documentElement) return ':root';
  // Our sandbox stands before the body. Counted from the end that keeps its number when the page takes it away.
  const isOuter = safe(element).parentElement === documentElement;
  const next = isOuter ? 'nextElementSibling' : 'previousElementSibling';
  let place = 1;
  for (let other = safe(element)[next]; other; other = safe(other)[next]) place += 1;
  return `:nth-${isOuter ? 'last-' : ''}child(${place})`;
}

/** The name of the first cascade layer of some sheets, the strongest for what is important; null where there is none. */
function firstLayer(sheets) {
  let first = null;
  for (const sheet of sheets) {
    try {
      for (const rule of sheet.cssRules) {
        const own = rule.nameList?.[0] ?? rule.layerName ?? (rule instanceof CSSLayerBlockRule ? rule.name : null);
        const name = own ?? (rule.styleSheet ? firstLayer([rule.styleSheet]) : null);
        if (name) return name;
        first ??= name;
      }
    } catch {
      first ??= ''; // Another site's sheet: nobody may read it, and there may be layers in it.
    }
  }
  return first;
}

/** Of rules that are important those in layers are stronger than those without, and those of the first layer strongest. */
function inLayersToo(layer, rules) {
  return layer === null ? rules : `${rules}\n@layer ${layer} { ${rules} }`;
}

/** The element that has the focus, in whichever tree: hidden it would lose it, and the page would hear of that. */
function focused() {
  let element = document.activeElement;
  while (safe(element)?.shadowRoot?.activeElement) element = safe(element).shadowRoot.activeElement;
  return element === document.body || element === document.documentElement ? null : element;
}

/** Whether an element is one of some others or is rendered in one. */
function isIn(element, others) {
  for (let outer = element; outer; outer = renderedParent(outer)) if (others.has(outer)) return true;
  return false;
}

/** What is shown of the composed tree: the elements kept in each root, and the roots that are kept whole. */
function keptOf(targets) {
  const kept = new Map();
  const whole = new Set();
  const rest = [];
  const keep = (element) => {
    const root = safe(element).getRootNode();
    kept.set(root, (kept.get(root) ?? new Set()).add(element));
    rest.push(element);
  };
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

/** Hides all others of every root, whatever they say of themselves. */
function hideOthers(targets, rules) {
  const { kept, whole } = keptOf(targets);
  for (const [root, texts] of rules) {
    const paths = [...(kept.get(root) ?? [])].map(pathOf);
    const others = `*${paths.length > 0 ? `:not(${paths.map((path) => `${path}, ${path} *`).join(', ')})` : ''}${STRONG}`;
    const every = ['', ...GENERATED].map((part) => `${others}${part}`).join(', ');
    if (!whole.has(root)) texts.push(`${every} { visibility: hidden !important }`);
  }
}

/** What hides the page until `release`: the sheets of every root, and who would be seen all the same, with what of it. */
async function hideAll() {
  const curtain = { roots: new Map(), insisting: new Map() };
  await isolate([], curtain, ['', ...GENERATED]);
  return curtain;
}

/** Two sheets for a root: one for all the while, the other for those who are shown. */
function hang(root, { roots }) {
  if (roots.has(root)) return;
  const layer = firstLayer([...root.styleSheets, ...root.adoptedStyleSheets]);
  const hung = { layer, always: new CSSStyleSheet(), now: new CSSStyleSheet(), text: '' };
  hung.always.replaceSync(inLayersToo(layer, root === document ? `${AT_ONCE} ${CURTAIN}` : AT_ONCE));
  root.adoptedStyleSheets.push(hung.always, hung.now);
  roots.set(root, hung);
}

/** Shows `targets` and nothing else, until the next call or `release`; `parts`: of elements, that may insist on being seen. */
async function isolate(targets, curtain, parts = ['']) {
  const shown = new Set(targets);
  for (const root of everyRoot()) hang(root, curtain);
  write(shown, curtain);
  for (let depth = 0; depth < DEEP && await noteInsisting(shown, curtain, parts); depth += 1) write(shown, curtain);
}

function write(shown, { roots, insisting }) {
  const rules = new Map([...roots.keys()].map((root) => [root, []]));
  const say = (element, part, what) => {
    rules.get(safe(element).getRootNode())?.push(`${pathOf(element)}${STRONG}${part} { ${what} !important }`);
  };
  const focus = focused();
  const isSpared = focus !== null && !isIn(focus, shown) && ![...shown].some((element) => isIn(element, new Set([focus])));
  if (insisting.size > MANY) hideOthers(isSpared ? [...shown, focus] : [...shown], rules);
  for (const element of shown) say(element, '', 'visibility: visible');
  for (const [element, parts] of insisting.size > MANY ? [] : insisting) {
    if (!isIn(element, shown)) for (const part of parts) say(element, part, 'visibility: hidden');
  }
  if (isSpared) say(focus, '', 'visibility: visible !important; opacity: 0');
  for (const [root, hung] of roots) {
    const text = rules.get(root).join('\n');
    if (text !== hung.text) hung.now.replaceSync(inLayersToo(hung.layer, text));
    hung.text = text;
  }
}

/** Whether there are more who are seen though they are not in one that is shown. */
async function noteInsisting(shown, { roots, insisting }, parts) {
  const [visible, focus] = [new Set(), focused()];
  let isMore = false;
  for (const element of [...roots.keys()].flatMap((root) => [...root.querySelectorAll('*')])) {
    const pause = breathe();
    if (pause) await pause;
    for (const part of parts) {
      if (insisting.size > MANY) return isMore;
      if (!isSeen(element, part)) continue;
      if (part === '') visible.add(element);
      const known = insisting.get(element) ?? new Set();
      if (known.has(part) || visible.has(part === '' ? renderedParent(element) : element)) continue;
      if (element === focus || isIn(element, shown) || (focus && isIn(element, new Set([focus])))) continue;
      insisting.set(element, known.add(part));
      isMore = true;
    }
  }
  return isMore;
}

function isSeen(element, part) {
  if (part !== '') return getComputedStyle(element, part).visibility === 'visible';
  return safe(element).checkVisibility({ visibilityProperty: true });
}

/** Shows the page as it was before `hideAll`. What was hidden appears at once, with no transition that anybody could hear. */
function release({ roots }) {
  for (const { layer, always, now } of roots.values()) {
    now.replaceSync('');
    always.replaceSync(inLayersToo(layer, AT_ONCE));
  }
  document.documentElement?.getBoundingClientRect(); // styles are settled here, while nothing may move
  for (const [{ adoptedStyleSheets }, { always, now }] of roots) {
    for (const sheet of [always, now]) {
      const place = adoptedStyleSheets.indexOf(sheet);
      if (place >= 0) adoptedStyleSheets.splice(place, 1);
    }
  }
}

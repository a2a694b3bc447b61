// What the measure does in a page: find an element, tell whether it can be pictured alone, and hide all the others.

globalThis.fidelity = (() => {
  const KEPT = 'data-fidelity-kept';
  const ROOT = 'data-fidelity-root';
  // Nothing moves while pictures are taken, and no page's rule is stronger than these.
  const STRONG = ':not(#_#_#_#_)';
  const STILL = `
    *${STRONG}, *${STRONG}::before, *${STRONG}::after { transition: none !important; caret-color: transparent !important; }`;
  // What is never shown where it stands but used elsewhere: it must be there for the element that is looked at.
  const LENT = ':is(symbol, defs, clipPath, mask, pattern, marker)';
  const others = `:not([${KEPT}]):not(${LENT}, ${LENT} *)${STRONG}`;
  const ALONE = `
    ${others}, ${others}::before, ${others}::after, ${others}::marker { visibility: hidden !important; }
    :is(clipPath, mask, pattern):not([${KEPT}])${STRONG} { visibility: visible !important; }
    [${ROOT}]${STRONG} { visibility: visible !important; }
    html${STRONG}, body${STRONG} { background: transparent !important; }`;
  const EDGE = 0.75;
  let marked = [];

  const sheetOf = (text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  };
  const alone = sheetOf(ALONE);
  const still = sheetOf(STILL);

  /** Every root of the composed tree: the document and all open shadow roots. */
  const roots = () => {
    const found = [document];
    for (const root of found) {
      for (const element of root.querySelectorAll('*')) if (element.shadowRoot) found.push(element.shadowRoot);
    }
    return found;
  };

  const parentOf = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ?? null;

  const childrenOf = (element) => {
    if (element.shadowRoot) return [...element.shadowRoot.children];
    if (element.localName === 'slot') {
      const assigned = element.assignedElements();
      if (assigned.length) return assigned;
    }
    return [...element.children];
  };

  const within = (element) => [element, ...childrenOf(element).flatMap(within)];

  function find(selector) {
    let root = document;
    let element = null;
    for (const part of selector.split('>>>')) {
      const all = root?.querySelectorAll(part.trim()) ?? [];
      if (all.length !== 1) return null;
      [element] = all;
      root = element.shadowRoot;
    }
    return element;
  }

  const isClip = (style) => style.overflowX !== 'visible' || style.overflowY !== 'visible' || style.clipPath !== 'none'
    || /paint|strict|content/.test(style.contain);

  const holdsFixed = (style) => style.transform !== 'none' || style.filter !== 'none'
    || /paint|layout|strict|content/.test(style.contain);

  const isLayer = ({ willChange, contain, contentVisibility, display }) => !/^(?:inline|contents)$/.test(display)
    && (/transform|rotate|scale|perspective/.test(willChange) || /paint|strict|content|layout style/.test(contain)
      || contentVisibility !== 'visible');

  /** How far from its box an element is drawn: the browser draws a layer from a whole pixel on, with all that is in it. */
  function shiftOf(element) {
    const outer = parentOf(element);
    if (!outer) return { x: 0, y: 0 };
    const shift = shiftOf(outer);
    if (!isLayer(getComputedStyle(outer))) return shift;
    const { x, y } = outer.getBoundingClientRect();
    return { x: Math.round(x + shift.x) - x, y: Math.round(y + shift.y) - y };
  }

  /** The part of the viewport that the element's ancestors leave it: {left, top, right, bottom}. */
  function room(element) {
    const left = { left: -1e6, top: -1e6, right: 1e6, bottom: 1e6 };
    let { position } = getComputedStyle(element);
    for (let around = parentOf(element); around; around = parentOf(around)) {
      const style = getComputedStyle(around);
      if (style.display === 'contents') continue;
      const holds = holdsFixed(style) || (position !== 'fixed' && style.position !== 'static');
      if (/absolute|fixed/.test(position) && !holds) continue;
      ({ position } = style);
      if (around === document.documentElement || around === document.body || !isClip(style)) continue;
      const outer = around.getBoundingClientRect();
      const [x, y] = [outer.left + around.clientLeft, outer.top + around.clientTop];
      left.left = Math.max(left.left, x);
      left.top = Math.max(left.top, y);
      left.right = Math.min(left.right, x + around.clientWidth);
      left.bottom = Math.min(left.bottom, y + around.clientHeight);
    }
    return left;
  }

  /** {box, room} at the viewport after scrolling there, as it is drawn, or {why} it cannot be pictured alone. */
  function look(selector) {
    let element;
    try {
      element = find(selector);
    } catch {
      return { why: 'selector' };
    }
    if (!element) return { why: 'missing' };
    if (element === document.documentElement || element === document.body) return { why: 'larger' };
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return { why: 'hidden' };
    let box = element.getBoundingClientRect();
    const page = { x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height };
    if (box.width < 1 || box.height < 1) return { why: 'hidden' };
    if (box.width > innerWidth || box.height > innerHeight) return { why: 'larger' };
    if (getComputedStyle(element).display === 'inline' && element.getClientRects().length > 1) return { why: 'lines' };
    const isOut = ({ left, top, right, bottom }, by) => Math.min(left, top) < -by || right > innerWidth + by
      || bottom > innerHeight + by;
    if (isOut(box, 0)) element.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
    box = element.getBoundingClientRect();
    if (isOut(box, EDGE)) return { why: 'outside' };
    const around = room(element);
    if (box.left < around.left - EDGE || box.top < around.top - EDGE || box.right > around.right + EDGE
      || box.bottom > around.bottom + EDGE) return { why: 'clipped' };
    const shift = shiftOf(element);
    const drawn = { x: box.x + shift.x, y: box.y + shift.y, width: box.width, height: box.height };
    return { box: drawn, room: around, page, tag: element.localName };
  }

  /** Finite animations at their end, others at their beginning. */
  function halt() {
    for (const root of roots()) {
      for (const animation of root.getAnimations()) {
        try {
          if (animation.effect.getComputedTiming().endTime === Infinity) {
            animation.pause();
            animation.currentTime = 0;
          } else animation.finish();
        } catch {
          animation.cancel();
        }
      }
      for (const svg of root.querySelectorAll('svg')) {
        svg.pauseAnimations();
        svg.setCurrentTime(0);
      }
    }
  }

  const sheets = (change) => {
    const isOurs = (sheet) => sheet === alone || sheet === still;
    for (const root of roots()) root.adoptedStyleSheets = change(root.adoptedStyleSheets.filter((sheet) => !isOurs(sheet)));
  };

  /** At rest: nothing moves, and nothing has the focus that a page gives its search. */
  const freeze = () => {
    document.activeElement?.blur();
    sheets((rest) => [...rest, still]);
    halt();
  };

  /** What a <use> shows, which may stand anywhere; there its parent still hides it. */
  const used = (use) => {
    const id = use.href.baseVal.split('#')[1];
    const target = id && use.getRootNode().getElementById(id);
    return target ? within(target) : [];
  };

  function isolate(selector) {
    const root = find(selector);
    marked = within(root);
    marked.push(...marked.filter((element) => element.localName === 'use').flatMap(used));
    for (const element of marked) element.setAttribute(KEPT, '');
    root.setAttribute(ROOT, '');
    sheets((rest) => [...rest, still, alone]);
    halt();
  }

  function release() {
    for (const element of marked) {
      element.removeAttribute(KEPT);
      element.removeAttribute(ROOT);
    }
    marked = [];
    sheets((rest) => [...rest, still]);
  }

  /** Paths of the first elements of a tag, by their places among their siblings. */
  const paths = (tag) => [...document.querySelectorAll(tag)].slice(0, 5).map((element) => {
    const steps = [];
    for (let at = element; at !== document.documentElement; at = at.parentElement) {
      steps.unshift(`${at.localName}:nth-child(${[...at.parentElement.children].indexOf(at) + 1})`);
    }
    return ['html', ...steps].join(' > ');
  });

  /** Lazy parts come when they are scrolled to. */
  async function wander() {
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    const end = Math.min(document.documentElement.scrollHeight, 20000);
    for (let y = 0; y < end; y += innerHeight) {
      scrollTo({ top: y, behavior: 'instant' });
      await pause(30);
    }
    scrollTo({ top: 0, behavior: 'instant' });
    await Promise.race([document.fonts.ready, pause(3000)]);
    await Promise.race([pictures(document), pause(3000)]);
    await pause(100);
  }

  async function pictures(root) {
    for (const image of root.querySelectorAll('img')) image.loading = 'eager';
    await Promise.allSettled([...root.querySelectorAll('img')].map((image) => image.decode()));
  }

  return { find, look, halt, freeze, isolate, release, paths, wander, pictures, within };
})();

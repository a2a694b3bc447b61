// Whether a person would see an element, and where.

const clipBoxes = new Map();

/** The parent in the tree as it is rendered: through slots and out of shadow roots. */
function renderedParent(element) {
  const { assignedSlot, parentNode: parent } = safe(element);
  if (assignedSlot) return assignedSlot;
  return parent instanceof ShadowRoot ? parent.host : parent instanceof Element ? parent : null;
}

const NOTHING = { left: 0, right: 0, top: 0, bottom: 0 };

/** Whether a style cuts all of an element away, as those do that are for screen readers only. */
function cutsAway(style) {
  return /^(?:inset\((?:50|100)%|rect\(0(?:px)?,? 0)/.test(style.clipPath) || /^rect\([01]px, [01]px/.test(style.clip);
}

/** What the ancestors that hide their overflow leave visible, in viewport coordinates; null is everything. */
function clipOf(element) {
  const path = [];
  let outer = element;
  while (outer !== null && outer !== document.body && outer !== document.documentElement && !clipBoxes.has(outer)) {
    path.push(outer);
    outer = getComputedStyle(outer).position === 'fixed' ? null : renderedParent(outer);
  }
  return path.reduceRight(clipWithin, clipBoxes.get(outer) ?? null);
}

/** What an element leaves visible of `clip`, which is what its ancestors do. */
function clipWithin(outer, element) {
  const style = getComputedStyle(element);
  let clip = outer;
  const hides = (value) => value === 'hidden' || value === 'clip';
  if (style.display !== 'contents' && style.display !== 'inline' && (hides(style.overflowX) || hides(style.overflowY))) {
    const box = safe(element).getBoundingClientRect();
    const across = hides(style.overflowX) ? [box.left, box.right] : [-Infinity, Infinity];
    const down = hides(style.overflowY) ? [box.top, box.bottom] : [-Infinity, Infinity];
    clip = overlap(clip, { left: across[0], right: across[1], top: down[0], bottom: down[1] });
  }
  if (cutsAway(style)) clip = NOTHING;
  clipBoxes.set(element, clip);
  return clip;
}

function overlap(a, b) {
  if (a === null) return b;
  return {
    left: Math.max(a.left, b.left),
    right: Math.min(a.right, b.right),
    top: Math.max(a.top, b.top),
    bottom: Math.min(a.bottom, b.bottom),
  };
}

/** The element's box in the page when it can be seen, else null. */
function visibleBox(element) {
  if (!safe(element).checkVisibility({ opacityProperty: true, visibilityProperty: true })) return null;
  const box = safe(element).getBoundingClientRect();
  if (box.width < 2 || box.height < 2) return null;
  const style = getComputedStyle(element);
  if (cutsAway(style)) return null;
  const clip = clipOf(style.position === 'fixed' ? null : renderedParent(element));
  if (clip !== null) {
    const seen = overlap(clip, box);
    if (seen.right - seen.left < 2 || seen.bottom - seen.top < 2) return null;
  }
  const round = (value) => Math.round(value * 1000) / 1000;
  const page = { x: round(box.x + scrollX), y: round(box.y + scrollY), width: round(box.width), height: round(box.height) };
  return page.x + page.width <= 0 || page.y + page.height <= 0 ? null : page;
}

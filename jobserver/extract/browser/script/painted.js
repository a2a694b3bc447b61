// Where an element is painted: what the browser paints by itself begins at a whole pixel, wherever its box begins.

const MOVES = /(?:^|, )(?:-webkit-)?(?:transform|rotate|scale|perspective|transform-style)\b/;
const ISOLATES = /paint|strict|content|layout style/;

/** Whether a style has the contents painted by themselves: soon to be moved (CSS Will Change 1), or contained (CSS Contain 2). */
function isPaintedApart({ willChange, contain, containerType, contentVisibility, display }) {
  if (/^(?:inline|contents)$/.test(display)) return false;
  // What is a container has its style contained as well (CSS Conditional 5).
  const isIsolated = ISOLATES.test(contain) || (containerType !== 'normal' && contain.includes('layout'));
  return MOVES.test(willChange) || isIsolated || contentVisibility !== 'visible';
}

/** How far from its box an element is painted: half a pixel at most for everything around it that is painted by itself. */
function paintShift(element) {
  const apart = [];
  for (let outer = renderedParent(element); outer; outer = renderedParent(outer)) {
    if (isPaintedApart(getComputedStyle(outer))) apart.unshift(safe(outer).getBoundingClientRect());
  }
  return apart.reduce((by, { x, y }) => ({ x: Math.round(x + by.x) - x, y: Math.round(y + by.y) - y }), { x: 0, y: 0 });
}

/** The box in the page of an element as it is painted. */
function paintedBox(element) {
  const { x, y, width, height } = safe(element).getBoundingClientRect();
  const shift = paintShift(element);
  return { x: x + scrollX + shift.x, y: y + scrollY + shift.y, width, height };
}

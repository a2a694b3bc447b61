// Which components can be pictured alone, and where in the page they stand now.

const EDGE = 0.75; // CSS pixels that a box may be off: half of one is lost when lines are drawn
const CUTS = /paint|strict|content/;
const HOLDS = /paint|layout|strict|content/;

/** Whether a style makes an element the containing block of what is fixed in it (CSS Transforms 1, 2; CSS Contain 1, 3). */
function holdsFixed(style) {
  return style.transform !== 'none' || style.perspective !== 'none' || style.filter !== 'none' || HOLDS.test(style.contain);
}

/** Whether something around an element cuts off a part of it. */
function isClipped(element, box) {
  let { position } = getComputedStyle(element);
  for (let outer = renderedParent(element); outer; outer = renderedParent(outer)) {
    if (outer === document.body || outer === documentElement) break; // the page itself: all of it is pictured
    const style = getComputedStyle(outer);
    const isPassed = style.display === 'contents' || (position === 'fixed' && !holdsFixed(style))
      || (position === 'absolute' && style.position === 'static' && !holdsFixed(style));
    if (isPassed) continue;
    if (style.clipPath !== 'none') return true;
    const cuts = style.overflowX !== 'visible' || style.overflowY !== 'visible' || CUTS.test(style.contain);
    if (cuts && style.display !== 'inline' && !isWithin(box, safe(outer).getBoundingClientRect())) return true;
    ({ position } = style);
  }
  return false;
}

function isWithin(box, outer) {
  const isPast = box.left < outer.left - EDGE || box.top < outer.top - EDGE;
  return !isPast && box.right <= outer.right + EDGE && box.bottom <= outer.bottom + EDGE;
}

/** Whether a film is seen in an element that nobody sees here: none is loaded, and only a poster shows without one. */
function holdsFilm(element) {
  const films = [element, ...safe(element).querySelectorAll('video')].filter((each) => safe(each).localName === 'video');
  return films.some((film) => film.autoplay || !film.poster);
}

/** The box in the page of the element that stands for a look; null when it cannot be pictured, or is not as it was. */
function pictureBox(look, width, height) {
  const element = globalThis.jobserver.elements.get(look);
  if (!element?.isConnected || element === document.body || element === documentElement) return null;
  if (!safe(element).checkVisibility({ opacityProperty: true, visibilityProperty: true })) return null;
  const box = safe(element).getBoundingClientRect();
  const isOther = Math.abs(box.width - width) > EDGE || Math.abs(box.height - height) > EDGE;
  if (isOther || box.width > innerWidth || box.height > innerHeight) return null;
  if (box.left + scrollX < -EDGE || box.top + scrollY < -EDGE || box.right + scrollX > innerWidth + EDGE) return null;
  if (getComputedStyle(element).display === 'inline' && safe(element).getClientRects().length > 1) return null;
  return isClipped(element, box) || holdsFilm(element) ? null : paintedBox(element);
}

const { documentElement } = document;
if (documentElement === null || document.getElementsByTagName('*').length > options.most) return null;
const boxes = [];
for (const [look, width, height] of options.components) {
  await breathe();
  boxes.push(pictureBox(look, width, height));
}
return boxes;

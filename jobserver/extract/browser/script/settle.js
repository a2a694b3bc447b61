// Brings out what a page holds back: lazy images, content that waits to be scrolled to, fonts, unfinished animations.

const SMALL = 64;
const MOST_CANVASES = 20;
const TURNS = 4;
const DRAWN = 1200; // milliseconds: most charts grow for one second

/** Whether what is below comes to life when it is scrolled to: for those who hear of it, who watch, and frames that wait. */
function isRoused() {
  const isWatched = !document.dispatchEvent(new Event('jobserver-watches', { cancelable: true }));
  return options.listens || isWatched || document.querySelector('iframe[loading=lazy]') !== null;
}

/** One look at every part of the page, and back to where it began. */
async function scrollThrough() {
  const { scrollX, scrollY } = window;
  const step = window.innerHeight * 0.9;
  for (let y = step; left() > 0; y += step) {
    const height = Math.min(document.documentElement?.scrollHeight ?? 0, options.height);
    if (y - step + window.innerHeight >= height) break;
    window.scrollTo({ left: scrollX, top: y, behavior: 'instant' });
    await shown();
    // Most who hear of it let some time pass before they look; they are to see what is in view now.
    for (let turn = 0; turn < TURNS && options.listens && (hurry() || turn === 0); turn += 1) await wait(0);
  }
  window.scrollTo({ left: scrollX, top: scrollY, behavior: 'instant' });
  await shown();
}

/** What is drawn on the canvases of the page, made small. One that holds another site's pictures cannot be looked at. */
function drawingsOf(canvases, context) {
  return canvases.map((canvas) => {
    try {
      context.clearRect(0, 0, SMALL, SMALL);
      context.drawImage(canvas, 0, 0, SMALL, SMALL);
      return context.getImageData(0, 0, SMALL, SMALL).data.join();
    } catch {
      return '';
    }
  }).join();
}

/** Charts that grow have grown: two looks in a row find the same drawn. What never comes to rest is not waited for. */
async function drawn() {
  const canvases = [...document.querySelectorAll('canvas')].filter((canvas) => canvas.checkVisibility()).slice(0, MOST_CANVASES);
  if (canvases.length === 0) return;
  const context = new OffscreenCanvas(SMALL, SMALL).getContext('2d', { willReadFrequently: true });
  const until = performance.now() + DRAWN;
  let now = drawingsOf(canvases, context);
  for (let last = null; now !== last && performance.now() < until && left() > 0;) {
    hurry();
    await wait(50);
    await shown();
    [last, now] = [now, drawingsOf(canvases, context)];
  }
}

/** Nothing has the focus that some pages give to their search: its ring is a state, not its looks. */
function letGo() {
  let active = safe(document).activeElement;
  for (let inner = active; inner; inner = safe(inner).shadowRoot?.activeElement) active = inner;
  if (active) safe(active).blur?.();
}

await whileEager(async () => {
  if (options.scroll && isRoused()) await scrollThrough();
  if (options.scroll) await drawn();
  await atMost(document.fonts.ready);
  await pictures();
});
letGo();
holdStill();

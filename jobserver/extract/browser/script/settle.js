// Brings out what a page holds back: lazy images, content that waits to be scrolled to, fonts, unfinished animations.

const end = performance.now() + options.milliseconds;
const left = () => Math.max(0, end - performance.now());
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, left())));
const atMost = (promise) => Promise.race([Promise.resolve(promise).catch(() => {}), wait(left())]);

/** A frame has been shown: whoever watches what comes into view has been told. */
const shown = () => Promise.race([new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))), wait(100)]);

/** One look at every part of the page, and back to where it began. */
async function scrollThrough() {
  const { scrollX, scrollY } = window;
  const step = window.innerHeight * 0.9;
  for (let y = step; left() > 0; y += step) {
    const height = Math.min(document.documentElement?.scrollHeight ?? 0, options.height);
    if (y - step + window.innerHeight >= height) break;
    window.scrollTo({ left: scrollX, top: y, behavior: 'instant' });
    await shown();
    await wait(options.pause);
  }
  window.scrollTo({ left: scrollX, top: scrollY, behavior: 'instant' });
}

/** Short timers of the page have run, and those that they set, for as long after the page was loaded as they may take. */
async function timersRun() {
  const [{ loadEventEnd = 0 } = {}] = performance.getEntriesByType('navigation');
  const isPending = () => !document.dispatchEvent(new Event('jobserver-timers', { cancelable: true }));
  while (performance.now() < loadEventEnd + options.timers && left() > 0 && isPending()) await wait(20);
  await shown();
}

/** Nothing has the focus that some pages give to their search: its ring is a state, not its looks. */
function letGo() {
  let { activeElement: active } = document;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  active?.blur?.();
}

if (options.timers > 0) await timersRun();
const lazy = [...document.querySelectorAll('img[loading=lazy]')].slice(0, 500);
for (const image of lazy) image.loading = 'eager';
if (options.scroll) await scrollThrough();
await atMost(document.fonts.ready);
await atMost(Promise.all([...document.images].slice(0, 500).map((image) => image.complete || image.decode().catch(() => {}))));
for (const image of lazy) image.loading = 'lazy';
letGo();
holdStill();

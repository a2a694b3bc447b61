// Brings out what a page holds back: lazy images, content that waits to be scrolled to, fonts, unfinished animations.

const end = performance.now() + options.milliseconds;
const left = () => Math.max(0, end - performance.now());
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, left())));
const atMost = (promise) => Promise.race([Promise.resolve(promise).catch(() => {}), wait(left())]);

/** One look at every part of the page, and back to where it began. */
async function scrollThrough() {
  const { scrollX, scrollY } = window;
  const step = window.innerHeight * 0.8;
  for (let y = step; left() > 0; y += step) {
    const height = Math.min(document.documentElement?.scrollHeight ?? 0, options.height);
    if (y - step + window.innerHeight >= height) break;
    window.scrollTo({ left: scrollX, top: y, behavior: 'instant' });
    await wait(50);
  }
  window.scrollTo({ left: scrollX, top: scrollY, behavior: 'instant' });
}

/** What moves comes to its end, or to its beginning if it has no end. */
function holdStill() {
  for (const animation of document.getAnimations()) {
    try {
      const { endTime } = animation.effect.getComputedTiming();
      if (Number.isFinite(endTime)) animation.finish();
      else {
        animation.pause();
        animation.currentTime = 0;
      }
    } catch {
      // An animation that follows scrolling or has no speed cannot be finished; it stays as it is.
    }
  }
}

const lazy = [...document.querySelectorAll('img[loading=lazy]')].slice(0, 500);
for (const image of lazy) image.loading = 'eager';
await scrollThrough();
await atMost(document.fonts.ready);
await atMost(Promise.all([...document.images].slice(0, 500).map((image) => image.complete || image.decode().catch(() => {}))));
for (const image of lazy) image.loading = 'lazy';
holdStill();

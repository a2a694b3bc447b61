// Brings a page a step nearer to rest: pictures that wait for being scrolled to come, what moves comes to its end.

const SOON = 2000; // milliseconds: what moves for longer shows something for as long
const AT_ONCE = 100; // milliseconds that a picture has; who waits for what is under way waits for it too
const FRAME = 10; // what a step costs in which a frame is shown, where one without costs 1

const woken = globalThis.wokenPictures ??= new WeakSet();

/** Lazy pictures that have not been asked for yet. */
function asleep() {
  return [...document.querySelectorAll('img[loading=lazy]')].filter((image) => !image.complete && !woken.has(image));
}

const lazy = asleep();
if (lazy.length > 0) {
  for (const image of lazy) woken.add(image);
  await whileEager(() => Promise.race([pictures(), wait(AT_ONCE)]));
  return 1; // what their coming has begun may be under way
}
const hasEnded = holdStill(document, SOON) > 0;
const isDrawn = !document.dispatchEvent(new Event('jobserver-draws', { cancelable: true }));
if (!hurry() && !hasEnded) return 0;
if (!isDrawn && !hasEnded) {
  await wait(0);
  return 1;
}
await shown();
return FRAME;

// Waits until the page is laid out at its new width.

const MOST = 1500; // milliseconds

/** A frame has been shown, or would have been: a page that nobody sees shows none. */
function frame() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
    setTimeout(resolve, 100);
  });
}

const end = performance.now() + MOST;
while (innerWidth !== options.width && performance.now() < end) await frame();
// What the page's scripts do about it: some hear of it in the first frame, and act in the next.
for (let frames = document.scripts.length > 0 ? 2 : 0; frames > 0; frames -= 1) await frame();
holdStill();

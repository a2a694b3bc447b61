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
do await frame(); while (innerWidth !== options.width && performance.now() < end);
await frame(); // what the page's scripts do about it
holdStill();

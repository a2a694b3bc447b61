// Waits, none of them beyond the time that there is.

const end = performance.now() + options.milliseconds;
const left = () => Math.max(0, end - performance.now());
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, left())));

/** A frame has been shown, and whoever watches what comes into view has been told: all are in one task, we among them. */
function shown() {
  const told = new Promise((resolve) => {
    const watcher = new IntersectionObserver(() => {
      watcher.disconnect();
      setTimeout(resolve);
    });
    watcher.observe(document.documentElement ?? document.createElement('i'));
  });
  return Promise.race([told, wait(100)]);
}

/** The clock of the page's scripts runs ahead, see `beforehand.js`; → whether they wait for a timer or a frame. */
const hurry = () => !document.dispatchEvent(new Event('jobserver-hurry', { cancelable: true }));

// Waits until short timers of the page have run, and those that they set: what a page shows by itself is there then.

/** Milliseconds that are left for them: as long after the page was loaded as they may take. */
function timeForTimers() {
  const [{ loadEventEnd = 0 } = {}] = performance.getEntriesByType('navigation');
  return Math.min(left(), loadEventEnd + options.timers - performance.now());
}

const isPending = () => !document.dispatchEvent(new Event('jobserver-timers', { cancelable: true }));
if (isPending()) {
  while (timeForTimers() > 0 && isPending()) await wait(20);
  await shown();
}

// Waits, none of them beyond the time that there is.

const end = performance.now() + options.milliseconds;
const left = () => Math.max(0, end - performance.now());
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, left())));

/** A frame has been shown: whoever watches what comes into view has been told. */
const shown = () => Promise.race([new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))), wait(100)]);

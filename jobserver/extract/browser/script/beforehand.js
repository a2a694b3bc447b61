// Says what the page's own scripts wait for, and lets their clock run ahead, to whoever asks by an event. What they have
// grow for a second has grown after some frames.

const MOST_AHEAD = 5000; // milliseconds
let watches = false; // whether anybody has asked to be told what comes into view

const { prototype } = IntersectionObserver;
prototype.observe = new Proxy(prototype.observe, {
  apply(observe, self, given) {
    watches = true;
    return apply(observe, self, given);
  },
});

document.addEventListener('jobserver-watches', (event) => {
  if (watches) event.preventDefault();
});
document.addEventListener('jobserver-draws', (event) => {
  if (frames.size > 0) event.preventDefault();
});
document.addEventListener('jobserver-hurry', (event) => {
  if (ahead >= MOST_AHEAD) return;
  if (timers.size + frames.size > 0) event.preventDefault();
  skip();
});

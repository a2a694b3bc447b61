// Knows, in the page's own world, whether a short timer may still change the page, and whether it watches what comes into
// view; tells who asks by an event.

(() => {
  const MOST = 500; // milliseconds: longer ones are no part of showing a page
  const LATE = 25; // milliseconds after which a timer has run, and said what it sets in its turn
  const now = performance.now.bind(performance);
  let due = 0;
  const note = (delay) => {
    if (typeof delay === 'number' && delay > 0 && delay <= MOST) due = Math.max(due, now() + delay + LATE);
  };
  const apply = Reflect.apply;
  window.setTimeout = new Proxy(window.setTimeout, {
    apply(setTimeout, self, given) {
      note(given[1]);
      return apply(setTimeout, self, given);
    },
  });
  let watches = false;
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
  document.addEventListener('jobserver-timers', (event) => {
    if (now() <= due) event.preventDefault();
  });
})();

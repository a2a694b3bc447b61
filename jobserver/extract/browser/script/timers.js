// Knows, in the page's own world, whether a short timer that the page has set may still change it; tells who asks by an event.

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
  document.addEventListener('jobserver-timers', (event) => {
    if (now() <= due) event.preventDefault();
  });
})();

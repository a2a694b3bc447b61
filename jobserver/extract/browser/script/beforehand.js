// Before the page's own scripts, in their world: knows what they wait for, and lets their clock run ahead when it is asked
// to. What they have grow for a second has grown after some frames.

(() => {
  const SHORT = 500; // milliseconds: longer timers are no part of showing a page
  const STEP = 250; // milliseconds that are skipped at a time: after many more, some believe that the page has slept
  const MOST_AHEAD = 5000; // milliseconds
  const MOST = 500; // timers: each time all of them are looked at
  const { apply, construct } = Reflect;
  const { setTimeout, clearTimeout, clearInterval, setInterval, Date } = window;
  const everywhere = eval; // by this name it is that of a script, not of this place
  const realNow = performance.now.bind(performance);
  const timers = new Map(); // the number that the page knows → { run, due }, in the page's time
  const intervals = new Map(); // number → run
  const frames = new Set(); // the numbers of who waits for the next frame
  let ahead = 0;
  let watches = false;
  const pageNow = () => realNow() + ahead;
  const isShort = (callback, delay, most) => (
    (typeof callback === 'function' || typeof callback === 'string') && typeof delay === 'number' && delay > 0 && delay <= most);

  const clear = {
    apply(clearNow, self, given) {
      const number = Math.trunc(Number(given[0]));
      timers.delete(number); // if it was set once more, it finds that out when it runs
      intervals.delete(number);
      return apply(clearNow, self, given);
    },
  };
  window.clearTimeout = new Proxy(clearTimeout, clear);
  window.clearInterval = new Proxy(clearInterval, clear);

  window.setTimeout = new Proxy(setTimeout, {
    apply(set, self, given) {
      const [callback, delay, ...rest] = given;
      if (!isShort(callback, delay, SHORT) || timers.size >= MOST) return apply(set, self, given);
      const run = () => {
        if (!timers.delete(known)) return;
        if (typeof callback === 'function') apply(callback, window, rest);
        else everywhere(callback);
      };
      const known = apply(set, self, [run, delay]);
      timers.set(known, { run, due: pageNow() + delay });
      return known;
    },
  });
  window.setInterval = new Proxy(setInterval, {
    apply(set, self, given) {
      const [callback, delay, ...rest] = given;
      const number = apply(set, self, given);
      const isKept = typeof callback === 'function' && isShort(callback, delay, STEP) && intervals.size < MOST;
      if (isKept) intervals.set(number, () => apply(callback, window, rest));
      return number;
    },
  });

  window.requestAnimationFrame = new Proxy(window.requestAnimationFrame, {
    apply(request, self, [callback, ...rest]) {
      const run = (time) => {
        frames.delete(known);
        callback(time + ahead);
      };
      const known = apply(request, self, [typeof callback === 'function' ? run : callback, ...rest]);
      frames.add(known);
      return known;
    },
  });
  window.cancelAnimationFrame = new Proxy(window.cancelAnimationFrame, {
    apply(cancel, self, given) {
      frames.delete(Number(given[0]));
      return apply(cancel, self, given);
    },
  });
  window.webkitRequestAnimationFrame &&= window.requestAnimationFrame;
  window.webkitCancelAnimationFrame &&= window.cancelAnimationFrame;

  const later = { apply: (now, self, given) => apply(now, self, given) + ahead };
  const stamp = Object.getOwnPropertyDescriptor(Event.prototype, 'timeStamp');
  Object.defineProperty(Event.prototype, 'timeStamp', { ...stamp, get: new Proxy(stamp.get, later) });
  Performance.prototype.now = new Proxy(Performance.prototype.now, later);
  Date.now = new Proxy(Date.now, later);
  const { now } = Date;
  window.Date = new Proxy(Date, {
    apply: () => new Date(now()).toString(),
    construct: (date, given, by) => construct(date, given.length > 0 ? given : [now()], by),
  });
  Date.prototype.constructor = window.Date;

  const { prototype } = IntersectionObserver;
  prototype.observe = new Proxy(prototype.observe, {
    apply(observe, self, given) {
      watches = true;
      return apply(observe, self, given);
    },
  });

  /** To the next timer, and no further than a step: what follows upon it is in its time as well. */
  function skip() {
    const next = Math.min(...[...timers.values()].map(({ due }) => due));
    ahead += Math.max(0, Math.min(STEP, next - pageNow()));
    const isDue = ([, { due }]) => due <= pageNow() + 0.01;
    for (const [, { run }] of [...timers].filter(isDue).sort(([, one], [, other]) => one.due - other.due)) setTimeout(run);
    for (const number of intervals.keys()) setTimeout(() => intervals.get(number)?.());
  }

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
})();

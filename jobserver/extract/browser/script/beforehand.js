// Before the page's own scripts, in their world: knows what they wait for, and lets their clock run ahead when it is asked
// to. What they have grow for a second has grown after some frames.

(() => {
  const SHORT = 500; // milliseconds: longer timers are no part of showing a page
  const STEP = 250; // milliseconds that are skipped at a time: after many more, some believe that the page has slept
  const { apply, construct } = Reflect;
  const { setTimeout, clearTimeout, clearInterval, Date } = window;
  const everywhere = eval; // by this name it is that of a script, not of this place
  const realNow = performance.now.bind(performance);
  const timers = new Map(); // the number that the page knows → { run, due, number, isSkipped }
  const frames = new Set(); // the numbers of who waits for the next frame
  let ahead = 0;
  let due = null; // when the timer that runs now was to run, if that was skipped
  let watches = false;
  const pageNow = () => realNow() + ahead;

  const clear = {
    apply(clearNow, self, [number, ...rest]) {
      const timer = timers.get(Number(number));
      timers.delete(Number(number));
      return apply(clearNow, self, [timer?.number ?? number, ...rest]);
    },
  };
  window.clearTimeout = new Proxy(clearTimeout, clear);
  window.clearInterval = new Proxy(clearInterval, clear);

  function runTimer(known, callback, given) {
    const timer = timers.get(known);
    timers.delete(known);
    // What follows upon a timer that time was skipped for is in the time that was skipped as well, but no more than a step.
    due = timer.isSkipped ? Math.max(timer.due, pageNow() - STEP) : null;
    try {
      if (typeof callback === 'function') apply(callback, window, given);
      else everywhere(callback);
    } finally {
      due = null;
    }
  }

  window.setTimeout = new Proxy(setTimeout, {
    apply(set, self, given) {
      const [callback, delay, ...rest] = given;
      const isKnown = typeof callback === 'function' || typeof callback === 'string';
      if (!isKnown || typeof delay !== 'number' || !(delay > 0 && delay <= SHORT)) return apply(set, self, given);
      const timer = { due: (due ?? pageNow()) + delay, run: () => runTimer(known, callback, rest) };
      const left = timer.due - pageNow();
      const known = apply(set, self, [timer.run, Math.max(0, left)]);
      timers.set(known, Object.assign(timer, { number: known, isSkipped: due !== null && left <= 0 }));
      return known;
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

  const later = { apply: (now, self, given) => apply(now, self, given) + ahead };
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

  document.addEventListener('jobserver-watches', (event) => {
    if (watches) event.preventDefault();
  });
  document.addEventListener('jobserver-hurry', (event) => {
    if (timers.size + frames.size > 0) event.preventDefault();
    ahead += STEP;
    for (const timer of [...timers.values()].sort((one, other) => one.due - other.due)) {
      const left = timer.due - pageNow();
      timer.isSkipped ||= left <= 0;
      clearTimeout(timer.number);
      timer.number = setTimeout(timer.run, Math.max(0, left));
    }
  });
})();

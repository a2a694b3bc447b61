// The page's short timers: each runs once, when it is due by the page's clock or by the real one.

const SHORT = 500; // milliseconds: longer timers are no part of showing a page
const STEP = 250; // milliseconds that are skipped at a time: after many more, some believe that the page has slept
const MOST = 500; // timers: each time all of them are looked at
const { setTimeout, clearTimeout, clearInterval, setInterval } = window;
const everywhere = eval; // by this name it is that of a script, not of this place
const timers = new Map(); // the number that the page knows → { run, due }, in the page's time
const intervals = new Map(); // number → { run, delay, due }
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
    if (isKept) intervals.set(number, { run: () => apply(callback, window, rest), delay, due: pageNow() + delay });
    return number;
  },
});

/** To the next timer, and no further than a step: what follows upon it is in its time as well. */
function skip() {
  const next = Math.min(...[...timers.values()].map(({ due }) => due));
  ahead += Math.max(0, Math.min(STEP, next - pageNow()));
  const then = pageNow() + 0.01;
  const isDue = ([, { due }]) => due <= then;
  for (const [, { run }] of [...timers].filter(isDue).sort(([, one], [, other]) => one.due - other.due)) setTimeout(run);
  for (const [number, interval] of [...intervals].filter(isDue)) {
    interval.due = then + interval.delay;
    setTimeout(() => intervals.get(number)?.run());
  }
}

// Who in the page waits for the next frame; all are told the page's time.

const frames = new Set(); // their numbers

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

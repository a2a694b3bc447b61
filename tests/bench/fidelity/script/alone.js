// What the measure does on the blank page: show a component alone at a place, and say where it came to stand.

globalThis.alone = (() => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

  async function show({ html, css, width, x, y }) {
    const style = document.createElement('style');
    style.textContent = css;
    document.head.replaceChildren(style);
    document.body.style.margin = '0';
    const wrapper = document.createElement('div');
    wrapper.id = 'fidelity-wrapper';
    wrapper.style.cssText = `position: absolute; left: ${x}px; top: ${y}px; width: ${width}px`;
    wrapper.innerHTML = html;
    document.body.replaceChildren(wrapper);
    wrapper.getBoundingClientRect();
    await Promise.race([document.fonts.ready, pause(3000)]);
    await Promise.race([fidelity.pictures(wrapper), pause(3000)]);
    await Promise.race([frame(), pause(1000)]);
  }

  const root = () => document.querySelector('#fidelity-wrapper')?.firstElementChild;

  /** Move the wrapper, which is at x and y, so that the component's corner is there; how far that was, and its box. */
  function align({ x, y }) {
    if (!root()) return null;
    const { x: left, y: top } = root().getBoundingClientRect();
    const { style } = document.querySelector('#fidelity-wrapper');
    // Not from what the style says: it tells fewer digits than the layout has.
    [style.left, style.top] = [x + x - left, y + y - top].map((place) => `${place}px`);
    const box = root().getBoundingClientRect();
    return { dx: left - x, dy: top - y, box: { x: box.x, y: box.y, width: box.width, height: box.height } };
  }

  return { show, align, root };
})();

// Dresses the twins on the stage, and puts each to its place when its pictures and fonts are there.

const STILL = `body { margin: 0 } html { overflow: hidden }
  *, *::before, *::after { transition: none !important; caret-color: transparent !important }`;

function sheetIn(view, text) {
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}

/** Moves a wrapper so that the component's corner is at {x, y}, wherever its own margins put it. */
function align(wrapper, { x, y, room }) {
  if (wrapper.firstElementChild === null) return;
  // Not the element's own member: a form shows its fields under such names.
  const box = Element.prototype.getBoundingClientRect.call(wrapper.firstElementChild);
  wrapper.style.left = `${x - room.left + x - box.x}px`;
  wrapper.style.top = `${y - room.top + y - box.y}px`;
}

const { contentDocument: page, contentWindow: view } = globalThis.jobserver.stage.frame;
const rooms = [...page.body.children];
const wrappers = rooms.map((room) => room.firstElementChild);
page.adoptedStyleSheets = [STILL, ...options.twins.map(({ css }) => css)].map((text) => sheetIn(view, text));
options.twins.forEach(({ x, y, width, room }, place) => {
  const inPixels = (box) => Object.fromEntries(Object.entries(box).map(([name, length]) => [name, `${length}px`]));
  // What reaches far out of one, as a stretched link does, is cut off: others stand closer to it than in the page.
  Object.assign(rooms[place].style, { position: 'absolute', overflow: 'clip', ...inPixels(room) });
  Object.assign(wrappers[place].style, { position: 'absolute', ...inPixels({ left: x - room.left, top: y - room.top, width }) });
});
page.body.getBoundingClientRect(); // fonts are only asked for when text is laid out
for (const image of page.images) image.loading = 'eager';
const pictures = [...page.images].map((image) => image.decode().catch(() => {}));
const inTime = new Promise((resolve) => setTimeout(resolve, options.milliseconds));
await Promise.race([Promise.all([page.fonts.ready, ...pictures]), inTime]);
holdStill(page);
options.twins.forEach((twin, place) => align(wrappers[place], twin));

// Sets the stage for the twins: a blank page of our own, with nothing of the page around it.

const STAGE = 'jobserver-stage';
// In the top layer nothing of the page's style reaches it; in a closed shadow tree nothing of its scripts does.
const ABOVE_ALL = {
  all: 'initial', position: 'absolute', inset: 'auto', left: '0', top: '0', margin: '0', padding: '0', border: '0',
  display: 'block', visibility: 'visible', background: 'none',
};

/** {host, frame}: open to us alone, and as large as the viewport was: its media and viewport units are those of its size. */
function openStage({ width, height }) {
  const host = document.createElement(STAGE);
  for (const [name, value] of Object.entries(ABOVE_ALL)) host.style.setProperty(name, value, 'important');
  host.popover = 'manual';
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-same-origin');
  frame.name = `stage-${crypto.getRandomValues(new Uint32Array(2)).join('')}`;
  frame.style.cssText = `display: block; border: 0; width: ${width}px; height: ${height}px`;
  host.attachShadow({ mode: 'closed' }).append(frame);
  document.documentElement.append(host);
  host.showPopover();
  hideAllElse();
  return { host, frame };
}

/** Nothing of the page is wanted any more: what is not laid out is not painted either. */
function hideAllElse() {
  const sheet = new CSSStyleSheet();
  const others = `:root > :not(${STAGE})${STRONG} { display: none !important }`;
  const rules = `${others} :root${STRONG} { background: none transparent !important }`;
  sheet.replaceSync(inLayersToo(firstLayer(document.styleSheets), rules));
  document.adoptedStyleSheets.push(sheet);
}

const stage = globalThis.jobserver.stage ??= openStage(options);
scrollTo({ left: 0, top: 0, behavior: 'instant' });
return stage.frame.name;

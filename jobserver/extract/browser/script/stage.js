// Sets the scene: some components of the page with everything else hidden, and a stage for their twins below them.

// In the top layer nothing of the page's style reaches it; in a closed shadow tree nothing of its scripts does.
const ABOVE_ALL = {
  all: 'initial', position: 'absolute', inset: 'auto', left: '0', margin: '0', padding: '0', border: '0', display: 'block',
  visibility: 'visible', background: 'none',
};

/** {host, frame}: a blank page of our own, as large as the viewport and open to us alone. */
function openStage() {
  const host = document.createElement('div');
  for (const [name, value] of Object.entries(ABOVE_ALL)) host.style.setProperty(name, value, 'important');
  host.popover = 'manual';
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-same-origin');
  frame.name = `stage-${crypto.getRandomValues(new Uint32Array(2)).join('')}`;
  frame.style.cssText = `display: block; border: 0; width: ${innerWidth}px; height: ${innerHeight}px`;
  host.attachShadow({ mode: 'closed' }).append(frame);
  document.documentElement.append(host);
  host.showPopover();
  return { host, frame, sheets: new Map() };
}

const stage = globalThis.jobserver.stage ??= openStage();
stage.host.style.setProperty('top', `${options.top}px`, 'important');
isolate(options.looks.map((look) => globalThis.jobserver.elements.get(look)), stage.sheets);
holdStill();
return stage.frame.name;

// Shows some components of the page and nothing else, where all of them are in view; and the page as it was again.

const { jobserver } = globalThis;

/** Where the page had been scrolled to, and what hides its parts. */
async function beginPictures() {
  return { left: scrollX, top: scrollY, curtain: await hideAll() };
}

/** To a whole pixel, also at the end of the page: what stands between two is drawn otherwise. */
function scrollToRow(top) {
  const { left } = jobserver.scene;
  scrollTo({ left, top, behavior: 'instant' });
  if (top !== scrollY) scrollTo({ left, top: Math.floor(scrollY), behavior: 'instant' });
}

function endPictures() {
  if (!jobserver?.scene) return;
  release(jobserver.scene.curtain);
  scrollTo({ left: jobserver.scene.left, top: jobserver.scene.top, behavior: 'instant' });
  delete jobserver.scene;
}

/** Where the view begins and ends in the page. It is scrolled only where that must be: what is fixed stands elsewhere then. */
async function showOnly({ looks, top, bottom }) {
  jobserver.scene ??= await beginPictures();
  const { scene } = jobserver;
  const isInView = top >= scene.top && bottom <= scene.top + innerHeight;
  scrollToRow(isInView ? scene.top : top);
  await isolate(looks.map((look) => jobserver.elements.get(look)).filter((element) => element.isConnected), scene.curtain);
  holdStill();
  return { left: scrollX, bottom: scrollY + innerHeight };
}

if (options.looks) return await showOnly(options);
endPictures();
return null;

// Files of symbols: `<use href="icons.svg#star">` shows what is in another document, which only the page's own site may give.

const MOST_FILES = 20;
const MOST_OF_TIME = 0.05;
const MAX_FILE = 2000000;
const files = new Map();
let timeForFiles = MOST_OF_TIME * options.milliseconds;
let answers = 0;

/** The element that such an address names; null where it cannot be had. Its document is of no window and loads nothing. */
async function elementOfFile(place, id) {
  const file = await fileAt(absolute(place));
  const found = file?.getElementById(id) ?? null;
  return found instanceof SVGElement ? found : null;
}

function fileAt(address) {
  if (!files.has(address)) files.set(address, files.size < MOST_FILES ? readFile(address) : null);
  return files.get(address);
}

/** What the page has loaded already comes from its cache; all files together may take no longer than they are worth. */
async function readFile(address) {
  const began = performance.now();
  try {
    if (new URL(address).origin !== location.origin || timeForFiles <= 0) return null;
    const signal = AbortSignal.timeout(timeForFiles);
    const answer = await fetch(address, { cache: 'force-cache', mode: 'same-origin', signal });
    answers += 1;
    const text = answer.ok ? await answer.text() : '';
    return text === '' || text.length > MAX_FILE ? null : new DOMParser().parseFromString(text, 'image/svg+xml');
  } catch {
    return null; // it shows nothing in the page either
  } finally {
    timeForFiles -= performance.now() - began;
  }
}

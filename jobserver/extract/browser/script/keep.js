// Cuts the originals out of a picture of the page and keeps them for when their twins are there.

const QUALITY = 0.9;

async function webpOf(canvas) {
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: QUALITY });
  if (blob.type !== 'image/webp') return null;
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return bytes.toBase64?.() ?? btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** Whether an element still stands where it stood: the page may have moved it, as it does with what is fixed. */
function isThere({ look, box }) {
  const element = globalThis.jobserver.elements.get(look);
  if (!element?.isConnected) return false;
  const now = paintedBox(element);
  const far = [now.x - box.x, now.y - box.y, now.width - box.width, now.height - box.height];
  return far.every((distance) => Math.abs(distance) <= EDGE);
}

const EDGE = 0.75; // CSS pixels that a box may be off, as in the survey
const { originals } = Object.assign(globalThis.jobserver, { originals: globalThis.jobserver.originals ?? new Map() });
const there = options.parts.map(isThere);
const bitmap = bitmapOf(options.picture);
// Not waited for: it is done while the page is led on. Who wants the pixels waits for them, and hears of what failed.
options.parts.forEach((part, place) => {
  if (!there[place]) return;
  const kept = bitmap.then((whole) => cut(whole, part, part.width, part.height)).then(({ canvas, pixels }) => (
    { pixels, width: part.width, height: part.height, webp: webpOf(canvas).catch(() => null) }));
  kept.catch(() => {});
  originals.set(part.look, kept);
});
Promise.allSettled(options.parts.map(({ look }) => originals.get(look))).then(async () => (await bitmap).close()).catch(() => {});
return there;

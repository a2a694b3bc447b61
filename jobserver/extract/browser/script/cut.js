// Parts of a picture as pixels.

async function bitmapOf(base64) {
  const bytes = Uint8Array.fromBase64?.(base64) ?? Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return createImageBitmap(new Blob([bytes], { type: 'image/png' }), { colorSpaceConversion: 'none' });
}

/** A part of a picture on a canvas of its own; what lies outside of the picture is transparent. */
function cut(bitmap, { x, y }, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, -x, -y);
  return { canvas, pixels: context.getImageData(0, 0, width, height).data };
}

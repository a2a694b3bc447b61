// How like two parts of a picture are: the share of pixels that differ, and structural similarity.

const FAR = 24; // of 255: a channel that differs by more makes a pixel differ
const WINDOW = 7;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

// What follows is done for every pixel: numbers in plain loops, which is twenty times as fast as anything prettier.

function isEqual(first, second) {
  const [a, b] = [new Uint32Array(first.buffer), new Uint32Array(second.buffer)];
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

/** The share of pixels of which a channel differs much over white or over black. */
function difference(first, second) {
  let differing = 0;
  for (let at = 0; at < first.length; at += 4) {
    const alpha = first[at + 3] / 255;
    const beta = second[at + 3] / 255;
    const more = 255 * (beta - alpha); // white that shines through
    let most = 0;
    for (let channel = at; channel < at + 3; channel += 1) {
      const overBlack = first[channel] * alpha - second[channel] * beta;
      most = Math.max(most, Math.abs(overBlack), Math.abs(overBlack + more));
    }
    if (most > FAR) differing += 1;
  }
  return (differing * 4) / first.length;
}

/** The luminance (ITU-R BT.601) of every pixel over a grey. */
function luminance(pixels, grey) {
  const light = new Float64Array(pixels.length / 4);
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = pixels[at + 3] / 255;
    light[at / 4] = (0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2]) * alpha + grey * (1 - alpha);
  }
  return light;
}

/** The mean structural similarity (Wang et al. 2004) of all windows, equally weighted, with the sample's covariance. */
async function similarity(first, second, width, height) {
  const size = Math.min(WINDOW, width, height);
  const sums = new Float64Array(width * 5);
  let total = 0;
  for (let row = 0; row < height; row += 1) {
    addRow(sums, first, second, row * width, width, 1);
    if (row >= size) addRow(sums, first, second, (row - size) * width, width, -1);
    if (row >= size - 1) total += similarityOfRow(sums, width, size);
    await breathe();
  }
  return total / ((width - size + 1) * (height - size + 1));
}

/** The sums of a, b, aa, bb and ab in each column gain a row, or lose it. */
function addRow(sums, first, second, start, width, sign) {
  for (let column = 0; column < width; column += 1) {
    const a = first[start + column];
    const b = second[start + column];
    const at = column * 5;
    sums[at] += sign * a;
    sums[at + 1] += sign * b;
    sums[at + 2] += sign * a * a;
    sums[at + 3] += sign * b * b;
    sums[at + 4] += sign * a * b;
  }
}

function similarityOfRow(sums, width, size) {
  const window = new Float64Array(5);
  let total = 0;
  for (let column = 0; column < width; column += 1) {
    for (let sum = 0; sum < 5; sum += 1) {
      window[sum] += sums[column * 5 + sum] - (column >= size ? sums[(column - size) * 5 + sum] : 0);
    }
    if (column >= size - 1) total += similarityOfWindow(window, size * size);
  }
  return total;
}

function similarityOfWindow(window, count) {
  const meanA = window[0] / count;
  const meanB = window[1] / count;
  const sample = Math.max(count - 1, 1);
  const variances = (window[2] - window[0] * meanA + window[3] - window[1] * meanB) / sample;
  const covariance = (window[4] - window[0] * meanB) / sample;
  return ((2 * meanA * meanB + C1) * (2 * covariance + C2)) / ((meanA * meanA + meanB * meanB + C1) * (variances + C2));
}

async function compare(original, twin, width, height) {
  if (isEqual(original, twin)) return { diff: 0, ssim: 1 };
  const ssim = [];
  for (const grey of [255, 0]) {
    ssim.push(await similarity(luminance(original, grey), luminance(twin, grey), width, height));
  }
  return { diff: difference(original, twin), ssim: (ssim[0] + ssim[1]) / 2 };
}

const { stage, originals } = globalThis.jobserver;
if (stage && !stage.frame.contentDocument?.defaultView) throw new Error('The page took the stage away.');
const bitmap = await bitmapOf(options.picture);
const likenesses = [];
for (const { look, twin } of options.pairs) {
  await breathe();
  const { pixels, width, height, webp } = await originals.get(look);
  const likeness = await compare(pixels, cut(bitmap, twin, width, height).pixels, width, height);
  likenesses.push({ ...likeness, webp: await webp });
  originals.delete(look);
}
bitmap.close();
return likenesses;

// Has pictures come that wait for being scrolled to.

const MOST_PICTURES = 500;
const atMost = (promise) => Promise.race([Promise.resolve(promise).catch(() => {}), wait(left())]);

/** Does `work` while no picture waits for being scrolled to; their markup is as before then. */
async function whileEager(work) {
  const lazy = [...document.querySelectorAll('img[loading=lazy]')].filter((image) => !image.complete).slice(0, MOST_PICTURES);
  for (const image of lazy) image.loading = 'eager';
  await work();
  for (const image of lazy) image.loading = 'lazy';
}

/** All pictures have come. */
async function pictures() {
  const all = [...document.images].slice(0, MOST_PICTURES);
  await atMost(Promise.all(all.map((image) => image.complete || image.decode().catch(() => {}))));
}

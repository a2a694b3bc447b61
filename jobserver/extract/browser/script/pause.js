// Lets the page breathe: long work gives way every few milliseconds.

const SLICE = 40;
let sliceStart = performance.now();

/** Awaited once per element; hands over to the page when this slice of time is used up. */
function breathe() {
  if (performance.now() - sliceStart < SLICE) return undefined;
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      sliceStart = performance.now();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}

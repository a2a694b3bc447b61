// Holds still what moves.

const shadowOf = Object.getOwnPropertyDescriptor(Element.prototype, 'shadowRoot').get; // a form may name a field so

/** A tree, and the shadow trees within. */
function* treesWithin(root) {
  yield root;
  for (const element of root.querySelectorAll('*')) {
    const inner = shadowOf.call(element);
    if (inner !== null) yield* treesWithin(inner);
  }
}

/** What moves comes to its end, or to its beginning if it has no end; → how many were not at their end.
 *
 * `most`: milliseconds; what has more left goes on.
 */
function holdStill(page = document, most = Infinity) {
  let ended = 0;
  for (const animation of [...treesWithin(page)].flatMap((tree) => tree.getAnimations())) {
    try {
      const { endTime } = animation.effect.getComputedTiming();
      if (endTime - (animation.currentTime ?? 0) > most && Number.isFinite(endTime)) continue;
      if (Number.isFinite(endTime)) {
        if (animation.playState !== 'finished') ended += 1;
        animation.finish();
      } else {
        animation.pause();
        animation.currentTime = 0;
      }
    } catch {
      // An animation that follows scrolling or has no speed cannot be finished; it stays as it is.
    }
  }
  return ended;
}

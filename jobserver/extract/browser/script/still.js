// Holds still what moves.

/** What moves comes to its end, or to its beginning if it has no end. */
function holdStill(page = document) {
  for (const animation of page.getAnimations()) {
    try {
      const { endTime } = animation.effect.getComputedTiming();
      if (Number.isFinite(endTime)) animation.finish();
      else {
        animation.pause();
        animation.currentTime = 0;
      }
    } catch {
      // An animation that follows scrolling or has no speed cannot be finished; it stays as it is.
    }
  }
}

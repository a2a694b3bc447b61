// The first look, at the page as it was read: what the rules do not bring about there is written into them.

/** JSON text: `rules`, by look those of the nodes that changed, by their places; `lapses` of the page, `notes` by look.
 *
 * It is asked once: a page whose scripts stop it would do so again.
 */
async function readWide({ milliseconds }, state) {
  const told = { rules: {}, lapses: [], notes: {} };
  deadline = state.isCompared ? 0 : performance.now() + milliseconds;
  state.isCompared = true;
  let left = state.components;
  const sandbox = isLate() ? null : await openSandbox();
  try {
    for (const batch of sandbox ? batchesOf(state.components) : []) {
      if (isLate() || !await comparePass(sandbox, batch)) break;
      for (const component of batch) settleWide(component, told);
      left = left.slice(batch.length);
    }
  } finally {
    sandbox?.empty();
  }
  if (sandbox?.isLate) told.lapses.push(NOT_COME);
  if (left.length > 0) notCompared(left, isLate(), told);
  state.sandbox = sandbox;
  state.changes = watchChanges();
  return JSON.stringify(told);
}

function settleWide(component, { rules, notes }) {
  const { look, box } = component;
  if (box === null) notes[look] = 'It was gone from the page before it could be compared with it.';
  const changed = box === null ? [] : settleFixes(component);
  if (changed.length > 0) rules[look] = changed.map((node) => [node.place, plainRules(node)]);
}

function notCompared(components, late, { lapses, notes }) {
  const reason = late ? 'There was no time' : 'The page allows no frame';
  lapses.push(`${reason} to compare what was built with the page: ${components.length} components are as its rules say.`);
  for (const { look } of components) notes[look] = 'It was not compared with the page while it was read.';
}

/** `end()` → the elements in which anything has changed since, but for what one says of its own style. */
function watchChanges() {
  const changed = new Set();
  const note = (records) => {
    for (const { type, target, attributeName } of records) {
      // A change of one is a change for those beside it.
      if (type === 'childList') changed.add(target);
      else if (attributeName !== 'style') changed.add(safe(target).parentNode);
    }
  };
  const watcher = new MutationObserver(note);
  for (const root of rootsWithSheets()) watcher.observe(root, { subtree: true, childList: true, attributes: true });
  const end = () => {
    note(watcher.takeRecords());
    watcher.disconnect();
    return changed;
  };
  return { end };
}

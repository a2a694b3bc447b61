// One pass over components: built in the sandbox, compared with the page as it is now, repaired.

const BATCH = 300;
const originals = new Map();
const alike = new Map();

/** Components in order, as many together as can be laid out in one go. */
function* batchesOf(components) {
  let batch = [];
  let count = 0;
  for (const component of components) {
    if (count > 0 && count + component.nodes.length > BATCH) {
      yield batch;
      [batch, count] = [[], 0];
    }
    batch.push(component);
    count += component.nodes.length;
  }
  if (batch.length > 0) yield batch;
}

/** Whether it could be compared; without the sandbox, which the page may take away, nothing can be said. */
async function comparePass(sandbox, components) {
  try {
    await compareBuilt(sandbox, components);
    if (sandbox.isOpen()) return true;
  } catch {
    // Whatever is wrong with some components, the rules of all are worth having.
  }
  for (const { nodes } of components) for (const node of nodes) node.fixes = {};
  return false;
}

/** Like `breathe`; throws when there is no time left, so that no component is left half repaired. */
function breatheInTime() {
  if (isLate()) throw new Error('There is no time left.');
  return breathe();
}

/** Leaves in `fixes` of every node what its rules do not bring about in the page as it is now. */
async function compareBuilt(sandbox, components) {
  const moving = movingNow();
  for (const component of components) await prepare(component, moving);
  const shown = components.filter(({ box }) => box !== null);
  await build(sandbox, shown);
  await repairStyles(sandbox, shown);
  await repairBoxes(sandbox, shown);
  await placeGenerated(sandbox, shown);
  await settleLines(sandbox, shown);
}

/** {x, y, width}; null of what is not there or has no size. */
function boxInPage(element) {
  const { x, y, width, height } = safe(element).getBoundingClientRect();
  const isSeen = safe(element).isConnected && (width > 0 || height > 0);
  return isSeen ? { x: Math.max(0, x + scrollX), y: Math.max(0, y + scrollY), width } : null;
}

async function prepare(component, moving) {
  component.box = boxInPage(component.root.element);
  if (component.box === null) return;
  component.moving = component.mode === 'rules' ? moving : new Map();
  for (const node of component.nodes) {
    await breatheInTime();
    Object.assign(node, { fixes: {}, pseudoStyles: {}, off: null, written: null, theirs: originalOf(node.element) });
  }
  component.needless = needlessFor([...new Set(component.nodes.map(({ theirs }) => theirs.display ?? ''))]);
  component.expected = expectedOf(component);
}

/** What was read of an element; elements are in several components. */
function originalOf(element) {
  if (element === null) return {};
  if (!originals.has(element)) {
    const kind = kindOf(element);
    const shared = alike.get(kind) ?? alike.set(kind, { style: null, values: [], written: new Map() }).get(kind);
    originals.set(element, { display: getComputedStyle(element).display, shared });
  }
  return originals.get(element);
}

/** Forgets what was read of the page as it was. See `renewKinds`. */
function lookAgain(hasRules, changed) {
  originals.clear();
  alike.clear();
  floatsInside.clear();
  renewFaces();
  renewKinds(hasRules, changed);
}

/** What is written for a node in a step of the comparison: [[pseudo, name, value], …].
 *
 * It is found out once for all that are of one kind and have the same rules: then what they stand in is of one kind, and
 * was made equal to it before. A root stands in nothing.
 */
function writesFor({ node, component }, step, find) {
  if (node === component.root) return find();
  if (node.written === null) {
    const key = `${component.mode} ${component.needless.size} ${JSON.stringify(node.rules)}`;
    const { written } = node.theirs.shared;
    node.written = written.get(key) ?? written.set(key, new Map()).get(key);
  }
  return node.written.get(step) ?? node.written.set(step, find()).get(step);
}

/** Element → the properties that an animation of a style sheet holds just now: the animation comes along. */
function movingNow() {
  const moving = new Map();
  for (const animation of document.getAnimations()) {
    const { effect } = animation;
    if (!(animation instanceof CSSAnimation) || !effect?.target) continue;
    const names = moving.get(effect.target) ?? moving.set(effect.target, new Set()).get(effect.target);
    for (const frame of effect.getKeyframes()) {
      for (const name of Object.keys(frame)) names.add(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
    }
  }
  return moving;
}

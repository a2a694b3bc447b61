// Makes what was built look like what it was built from: from the root down, every property that differs is written.

/** Compares all nodes of all components, a level of their trees at a time, and writes what differs as fixes. */
async function repairStyles(sandbox, components) {
  await hideUnshown(sandbox, components);
  await noteNames(sandbox, components);
  const levels = levelsOf(components);
  for (const nodes of levels) {
    await writeAll(sandbox, nodes, 'early', (each) => differencesOf(each, EARLY));
    await writeAll(sandbox, nodes, 'later', (each) => differencesOf(each, each.component.names));
    for (const pseudo of PSEUDO) await writeAll(sandbox, nodes, pseudo, (each) => pseudoDifferences(each, pseudo));
    await comparePart(sandbox, nodes.filter(isListItem), '::marker', MARKER);
    await comparePart(sandbox, nodes.filter(({ node }) => node.clone.placeholder), '::placeholder', PLACEHOLDER);
  }
  const changed = await compareLayout(sandbox, levels.flat());
  await compareLayout(sandbox, levels.flat().filter(({ component }) => changed.has(component)));
}

/** What the page does not show now is not shown: its rules say so, or we do. */
async function hideUnshown(sandbox, components) {
  const writes = [];
  for (const component of components) {
    for (const node of component.nodes) {
      await breatheInTime();
      const isOurs = !node.apart && !isShown(node) && getComputedStyle(node.clone).display !== 'none';
      if (isOurs) writes.push([node, component, '', 'display', 'none']);
    }
  }
  for (const write of writes) fix(sandbox, ...write);
}

/** [{node, component}] by depth. What is hidden in the page, or only kept for others to use, is not compared. */
function levelsOf(components) {
  const levels = [];
  const add = (component, node, depth) => {
    if (node.apart || !isShown(node)) return;
    (levels[depth] ??= []).push({ node, component });
    for (const child of node.children) if (typeof child !== 'string') add(component, child, depth + 1);
  };
  for (const component of components) add(component, component.root, 0);
  return levels;
}

/** Whether an element has a box in the page as it is now, or could have with its parents. */
function isShown(node) {
  return node.element !== null && node.element.isConnected && node.theirs.display !== 'none';
}

function isListItem({ node }) {
  return node.theirs.display === 'list-item';
}

/** A value of the original, read once for all that are of its kind. */
function theirValue({ theirs: { shared }, element }, name) {
  shared.style ??= getComputedStyle(element);
  return shared.values[INDEX[name]] ??= shared.style.getPropertyValue(name);
}

/** Writes what `find` says of each node, when it was said of all: [[pseudo, name, value], …]. */
async function writeAll(sandbox, nodes, step, find) {
  const writes = [];
  for (const each of nodes) {
    await breatheInTime();
    for (const write of writesFor(each, step, () => find(each))) writes.push([each.node, each.component, ...write]);
  }
  for (const write of writes) fix(sandbox, ...write);
}

function differencesOf({ node, component }, names) {
  const theirs = names.map((name) => expectedIn(component, node, name) ?? theirValue(node, name));
  const ours = readValues(node.clone, null, names);
  if (node === component.root && names !== EARLY) settleRoot(node, names, theirs, ours);
  const colors = { theirs: theirValue(node, 'color'), ours: getComputedStyle(node.clone).color };
  const writes = [];
  for (const [name, value] of differing(names, theirs, ours, colors)) {
    if (component.moving.get(node.element)?.has(name) || component.needless.has(name)) continue;
    writes.push(['', name, name === 'line-height' ? lineHeightOf(node.element) : value]);
    // By itself this family makes letters smaller whose size nobody has said.
    if (name === 'font-family' && value === 'monospace') writes.push(['', 'font-size', theirValue(node, 'font-size')]);
    const width = WIDTH_OF[name];
    if (width) writes.push(['', width, theirValue(node, width)]);
  }
  return writes;
}

/** What is expected of a node in place of what the page has; undefined where that is the same. */
function expectedIn(component, node, name) {
  if (node === component.root) return component.expected[name];
  // What stood still in the window has no place there any more, but one in its component.
  return name === 'position' && theirValue(node, 'position') === 'fixed' ? 'absolute' : undefined;
}

/** What only says that the root was the item of somebody is as good as what it is by itself. */
function settleRoot({ element }, names, theirs, ours) {
  const display = names.indexOf('display');
  theirs[display] = displayAlone(element, theirs[display], ours[display]);
  for (const name of ['min-width', 'min-height']) {
    const index = names.indexOf(name);
    if (theirs[index] === 'auto') theirs[index] = ours[index];
  }
}

async function comparePart(sandbox, nodes, pseudo, names) {
  const writes = [];
  for (const { node, component } of nodes) {
    await breatheInTime();
    const [theirs, ours] = [node.element, node.clone].map((element) => readValues(element, pseudo, names));
    names.forEach((name, index) => {
      if (theirs[index] !== ours[index]) writes.push([node, component, pseudo, name, theirs[index]]);
    });
  }
  for (const write of writes) fix(sandbox, ...write);
}

/** Sizes and places: only where the used ones differ it is asked whether somebody said so; → the components written to. */
async function compareLayout(sandbox, nodes) {
  const writes = [];
  for (const each of nodes) {
    await breatheInTime();
    for (const write of layoutDifferences(each)) writes.push([each.node, each.component, '', ...write]);
  }
  for (const write of writes) fix(sandbox, ...write);
  return new Set(writes.map(([, component]) => component));
}

function layoutDifferences({ node, component }) {
  const layout = node.theirs.layout ??= originalLayout(node);
  const names = node === component.root ? LAYOUT : layout.names;
  const ours = readValues(node.clone, null, names);
  const writes = [];
  for (const [index, name] of names.entries()) {
    const expected = expectedIn(component, node, name);
    const theirs = layout.values.get(name) ?? getComputedStyle(node.element).getPropertyValue(name);
    if ((expected ?? theirs) === ours[index] || component.moving.get(node.element)?.has(name)) continue;
    const value = expected ?? computedValue(node.element, name);
    if (value !== computedValue(node.clone, name)) writes.push([name, value]);
  }
  return writes;
}

/** {names, values} of what matters of an original's layout. */
function originalLayout(node) {
  const { transform } = getComputedStyle(node.element);
  const names = layoutFor((name) => (name === 'transform' ? transform : theirValue(node, name)));
  const values = readValues(node.element, null, names);
  return { names, values: new Map(names.map((name, index) => [name, values[index]])) };
}

/** Writes a value into the sandbox and remembers it, if the browser understands it. */
function fix(sandbox, node, component, pseudo, name, value) {
  const style = pseudo === '' ? node.clone.style : pseudoStyle(sandbox, node, component, pseudo);
  style.setProperty(name, value);
  if (style.getPropertyValue(name) === '') return;
  (node.fixes[pseudo] ??= {})[name] = value;
}

/** The style of a pseudo-element, which has no attribute to write into: a rule that is stronger than all others. */
function pseudoStyle(sandbox, node, component, pseudo) {
  node.pseudoStyles ??= {};
  if (!node.pseudoStyles[pseudo]) {
    const selector = selectorIn(component, node, '');
    const index = sandbox.repairs.insertRule(`${selector}${selector}${pseudo} {}`, sandbox.repairs.cssRules.length);
    node.pseudoStyles[pseudo] = sandbox.repairs.cssRules[index].style;
  }
  return node.pseudoStyles[pseudo];
}

// The last look: boxes that are not as large as in the page, or not where they were, are given their size and place.

const MAX_ROUNDS = 5;
const TOLERANCE = 0.06; // CSS pixels: layout works in 64ths
const NO_BOX = /^(?:inline|contents|none|table-(?:row-group|header-group|footer-group|row|column|column-group))$/;

/** Writes sizes until the boxes of all components are right, or nothing more can be done. */
async function repairBoxes(sandbox, components) {
  let rest = components;
  for (let round = 0; round < MAX_ROUNDS && rest.length > 0; round += 1) {
    const writes = [];
    for (const component of rest) {
      await breathe();
      writes.push(...wrongBoxes(component));
    }
    for (const write of writes) fix(sandbox, ...write);
    const changed = new Set(writes.map(([, component]) => component));
    rest = rest.filter((component) => changed.has(component));
  }
}

/** A root that stands in a line begins where its wrapper does, if it would else stand between other pixels. */
async function settleLines(sandbox, components) {
  const writes = [];
  for (const component of components) {
    await breathe();
    const { root } = component;
    if (!isInLine(getComputedStyle(root.clone).display, root.clone)) continue;
    const apart = Math.abs(boxOf(root.element).y - boxOf(root.clone).y) % 1;
    if (apart > TOLERANCE && apart < 1 - TOLERANCE) writes.push([root, component, '', 'vertical-align', 'top']);
  }
  for (const write of writes) fix(sandbox, ...write);
}

function isInLine(display, clone) {
  return /^inline-/.test(display) || (display === 'inline' && BY_ITSELF.test(clone.localName));
}

/** What to write next: widths from the outside in, then heights from the inside out, then places. */
function wrongBoxes(component) {
  const nodes = levelsOf([component]).flat().map(({ node }) => node);
  const origin = boxOf(component.root.element);
  const here = boxOf(component.root.clone);
  for (const node of nodes) measure(node, origin, here);
  const wrong = (node, side) => !node.off.settled.has(side) && Math.abs(node.off[side]) > TOLERANCE;
  const parents = new Map(nodes.flatMap((node) => node.children.map((child) => [child, node])));
  const widths = nodes.filter((node) => wrong(node, 'width') && !(parents.has(node) && wrong(parents.get(node), 'width')));
  if (widths.length > 0) return widths.flatMap((node) => sized(node, component, 'width'));
  const childWrong = (node) => node.children.some((child) => child.off && wrong(child, 'height'));
  const heights = nodes.filter((node) => wrong(node, 'height') && !childWrong(node));
  if (heights.length > 0) return heights.flatMap((node) => sized(node, component, 'height'));
  const moved = nodes.filter((node) => isPlaced(node) && (wrong(node, 'x') || wrong(node, 'y')));
  return moved.flatMap((node) => placed(node, component));
}

function boxOf(element) {
  return safe(element).getBoundingClientRect();
}

function measure(node, origin, here) {
  const theirs = boxOf(node.element);
  const ours = boxOf(node.clone);
  const settled = node.off?.settled ?? new Set();
  const x = theirs.x - origin.x - (ours.x - here.x);
  const y = theirs.y - origin.y - (ours.y - here.y);
  node.off = { settled, width: theirs.width - ours.width, height: theirs.height - ours.height, x, y };
}

/** A size is written once: what it does not put right, nothing will. */
function sized(node, component, side) {
  node.off.settled.add(side);
  const used = getComputedStyle(node.element).getPropertyValue(side);
  const hasSize = BY_ITSELF.test(node.clone.localName) || !NO_BOX.test(node.theirs.display);
  if (!hasSize || !used.endsWith('px')) return [];
  const isItem = side === 'width' && /flex/.test(getComputedStyle(node.clone.parentElement).display);
  const firm = isItem ? [[node, component, '', 'flex-shrink', '0']] : [];
  return [[node, component, '', side, used], ...firm];
}

function isPlaced(node) {
  return node.clone && /^(?:absolute|fixed)$/.test(getComputedStyle(node.clone).position);
}

/** What was placed by a box outside the component gets the same place in the root's. */
function placed(node, component) {
  const style = getComputedStyle(node.clone);
  const { x, y } = node.off;
  for (const side of ['x', 'y']) node.off.settled.add(side);
  const moved = (start, by) => `${Math.round((parseFloat(style[start]) + by) * 1000) / 1000}px`;
  const { width, height } = style;
  const sides = { left: moved('left', x), top: moved('top', y), right: 'auto', bottom: 'auto', width, height };
  return Object.entries(sides).map(([name, value]) => [node, component, '', name, value]);
}

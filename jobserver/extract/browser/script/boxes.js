// The last look: boxes that are not as large as in the page, or not where they were, are given their size and place.

const MAX_ROUNDS = 5;
const TOLERANCE = 0.06; // CSS pixels: layout works in 64ths
const NO_BOX = /^(?:inline|contents|none|table-(?:row-group|header-group|footer-group|row|column|column-group))$/;

const OLD = /^-\/\/W3C\/\/DTD (?:HTML 4\.01|XHTML 1\.0) (?:Transitional|Frameset)\/\//i;
const HAS_NO_STRUTS = document.compatMode === 'BackCompat' || OLD.test(document.doctype?.publicId);

/** Writes sizes until the boxes of all components are right, or nothing more can be done. */
async function repairBoxes(sandbox, components) {
  let rest = components;
  for (let round = 0; round < MAX_ROUNDS && rest.length > 0; round += 1) {
    const writes = [];
    for (const component of rest) {
      await breatheInTime();
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
    await breatheInTime();
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
  const writes = nodes.some((node) => wrong(node, 'width') || wrong(node, 'height')) ? floated(component) : [];
  if (writes.length > 0) return writes;
  const parents = new Map(nodes.flatMap((node) => node.children.map((child) => [child, node])));
  const widths = nodes.filter((node) => wrong(node, 'width') && !(parents.has(node) && wrong(parents.get(node), 'width')));
  if (widths.length > 0) return widths.flatMap((node) => sized(node, component, 'width'));
  const childWrong = (node) => node.children.some((child) => child.off && wrong(child, 'height'));
  const heights = nodes.filter((node) => wrong(node, 'height') && !childWrong(node));
  if (heights.length > 0) return heights.flatMap((node) => sized(node, component, 'height'));
  const hanging = nodes.filter((node) => node !== component.root && wrong(node, 'y') && hangs(node, component));
  if (hanging.length > 0) return hanging.flatMap((node) => hung(node, component));
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
  if (side === 'height' && isLoose(node)) return tightened(node, component);
  node.off.settled.add(side);
  const used = getComputedStyle(node.element).getPropertyValue(side);
  const hasSize = BY_ITSELF.test(node.clone.localName) || !NO_BOX.test(node.theirs.display);
  if (!hasSize && side === 'width' && node === component.root) return inOneLine(node, component);
  if (!hasSize || !used.endsWith('px')) return [];
  const isItem = side === 'width' && /flex/.test(getComputedStyle(node.clone.parentElement).display);
  const firm = isItem ? [[node, component, '', 'flex-shrink', '0']] : [];
  return [[node, component, '', side, laidOut(used)], ...firm];
}

/** Whether lines are too high for letters that are not there: in many old pages those have no part in them (Quirks Mode, 3.2). */
function isLoose(node) {
  const { off, theirs, clone } = node;
  const hasLines = !/^inline$|flex|grid|^table(?!-cell)/.test(theirs.display) && !BY_ITSELF.test(clone.localName);
  return HAS_NO_STRUTS && off.height < 0 && !off.settled.has('line') && hasLines && !hasWords(node);
}

function hasWords({ children }) {
  return children.some((child) => typeof child === 'string' && /\S/.test(child));
}

/** A line without letters of its own has no height but that of what stands in it, down to where letters are. */
function tightened(node, component) {
  node.off.settled.add('line');
  const generated = ({ element, clone }) => PSEUDO.filter((pseudo) => isGenerated(getComputedStyle(clone, pseudo)))
    .map((pseudo) => [pseudo, 'line-height', getComputedStyle(element, pseudo).lineHeight]);
  const inside = (outer) => [...generated(outer).map((write) => [outer, component, ...write]),
    ...outer.children.filter((child) => child.clone && isShown(child)).flatMap(asBefore)];
  const asBefore = (child) => {
    const isEmpty = getComputedStyle(child.clone).display === 'inline' && !hasWords(child);
    return isEmpty ? inside(child) : [[child, component, '', 'line-height', lineHeightOf(child.element)]];
  };
  return [[node, component, '', 'line-height', '0'], ...inside(node)];
}

/** What stood in one line stands in one: letters beside others are closer to them, and spaces before others have a width. */
function inOneLine(root, component) {
  const [theirs, ours] = [root.element, root.clone].map((element) => safe(element).getClientRects().length);
  const { direction, display, paddingLeft, paddingRight } = getComputedStyle(root.clone);
  if (display !== 'inline' || theirs > 1) return [];
  if (ours > 1) return [[root, component, '', 'text-wrap-mode', 'nowrap']];
  const gaps = gapsOf(root);
  if (gaps.count > 0) return [[root, component, '', 'word-spacing', inPixels(gaps.spacing + root.off.width / gaps.count)]];
  if (root.off.width < 0 || !/\s$/.test(safe(root.element).textContent)) return [];
  const [side, padding] = direction === 'rtl' ? ['padding-left', paddingLeft] : ['padding-right', paddingRight];
  return [[root, component, '', side, inPixels(parseFloat(padding) + root.off.width)]];
}

/** Where a line was justified its spaces are wider: {count, spacing} of those that are not at an end. */
function gapsOf({ element, clone }) {
  const { textAlign, wordSpacing } = getComputedStyle(clone);
  const { textContent } = safe(element);
  const isJustified = textAlign === 'justify' && !/\s$/.test(textContent);
  return { count: isJustified ? (textContent.trim().match(/\s+/g) ?? []).length : 0, spacing: parseFloat(wordSpacing) };
}

/** Whether something hangs from the top or the bottom of the root's line, which alone is another one. */
function hangs(node, component) {
  const [its, outer] = [node, component.root].map(({ clone }) => getComputedStyle(clone));
  return isInLine(its.display, node.clone) && outer.display === 'inline' && !BY_ITSELF.test(component.root.clone.localName)
    && (/^(?:top|bottom)$/.test(its.verticalAlign) || node.fixes['']?.['vertical-align'] !== undefined);
}

/** First it is put where the text stands, then as far from there as in the page. */
function hung(node, component) {
  const { verticalAlign } = getComputedStyle(node.clone);
  const isThere = !/^(?:top|bottom)$/.test(verticalAlign);
  if (isThere) node.off.settled.add('y');
  return [[node, component, '', 'vertical-align', isThere ? inPixels(parseFloat(verticalAlign) - node.off.y) : '0px']];
}

function inPixels(length) {
  return `${Math.round(length * 1000) / 1000}px`;
}

function isPlaced(node) {
  return node.clone && /^(?:absolute|fixed)$/.test(getComputedStyle(node.clone).position);
}

/** What was placed by a box outside the component gets the same place in the root's. */
function placed(node, component) {
  const style = getComputedStyle(node.clone);
  const { x, y } = node.off;
  for (const side of ['x', 'y']) node.off.settled.add(side);
  const moved = (start, by) => laidOut(inPixels(parseFloat(style[start]) + by));
  const [width, height] = [style.width, style.height].map(laidOut);
  const sides = { left: moved('left', x), top: moved('top', y), right: 'auto', bottom: 'auto', width, height };
  return Object.entries(sides).map(([name, value]) => [node, component, '', name, value]);
}

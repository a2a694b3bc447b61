// What `::before` and `::after` show, and where: they have no box of which the page could be asked.

const PSEUDO = ['::before', '::after'];
const HOLDS_PLACED = ['transform', 'translate', 'rotate', 'scale', 'perspective', 'filter', 'backdrop-filter'];

function isGenerated(style) {
  return !/^(?:none|normal|)$/.test(style.content) && style.display !== 'none';
}

/** What is to be written for a pseudo-element; of one that is placed what it has from boxes comes later, when those are right. */
function pseudoDifferences({ node, component }, pseudo) {
  if (isWithout(node.element, pseudo)) return [];
  const isThere = node.theirs[pseudo] ??= isGenerated(getComputedStyle(node.element, pseudo));
  if (!isThere && !node.rules.some(({ suffix }) => suffix.endsWith(pseudo))) return [];
  const [theirs, ours] = [node.element, node.clone].map((element) => getComputedStyle(element, pseudo));
  const writes = isGenerated(ours) && !isThere ? [[pseudo, 'content', 'none']] : [];
  if (!isThere) return writes;
  const names = [...(knownKey(node, component) === null ? NAMES : component.partNames), ...(isAbsolute(theirs) ? [] : LAYOUT)];
  const values = [node.element, node.clone].map((element) => readValues(element, pseudo, names));
  for (const [name, value] of differing(names, ...values, { theirs: theirs.color, ours: ours.color })) {
    writes.push([pseudo, name, LAID_OUT.has(name) ? laidOut(value) : value]);
    if (WIDTH_OF[name]) writes.push([pseudo, WIDTH_OF[name], theirs.getPropertyValue(WIDTH_OF[name])]);
  }
  return writes;
}

function isAbsolute({ position }) {
  return position === 'absolute';
}

/** The sides by which a pseudo-element is placed in the page; none of what stays where it would have stood. */
function placedSides(component, node, pseudo) {
  const { element, rules } = node;
  const isSaid = component.mode !== 'rules' || rules.some(({ suffix }) => suffix.includes(pseudo));
  if (element === null || !isSaid || isWithout(element, pseudo)) return [];
  const style = getComputedStyle(element, pseudo);
  if (!isAbsolute(style) || !isGenerated(style)) return [];
  if (component.mode !== 'rules') return INSETS;
  return INSETS.filter((name) => {
    const { declarations } = rules[lastSetting(component, node, pseudo, name)] ?? {};
    return declarations !== undefined && declarations[name] !== 'auto';
  });
}

/** Whether a pseudo-element in a component is placed by what is around the component. */
function hasPlacedByOthers(component) {
  return component.nodes.some((node) => PSEUDO.some((pseudo) => (
    placedSides(component, node, pseudo).length > 0 && containing(node.element, component.root.element) === null)));
}

/** The element that what is placed in `element` is placed by, up to `root`; null where that is further out. */
function containing(element, root) {
  for (let outer = element; outer !== null; outer = renderedParent(outer)) {
    if (holdsPlaced(outer)) return outer;
    if (outer === root) return null;
  }
  return null;
}

/** Whether a box places what is absolute inside of it (CSS Positioned Layout 3, section 2.1). */
function holdsPlaced(element) {
  const style = getComputedStyle(element);
  return style.position !== 'static' || HOLDS_PLACED.some((name) => style.getPropertyValue(name) !== 'none')
    || /layout|paint|strict|content/.test(style.contain) || /transform|perspective|filter/.test(style.willChange);
}

/** Writes what pseudo-elements have from the boxes that they stand in: sizes, places, and what is relative to both. */
async function placeGenerated(sandbox, components) {
  const placed = levelsOf(components).flat().flatMap(({ node, component }) => PSEUDO
    .filter((pseudo) => node.theirs[pseudo] === true && isAbsolute(getComputedStyle(node.element, pseudo)))
    .map((pseudo) => [node, component, pseudo]));
  const sizes = (...given) => wrongSizes(...given, [...SIZED, ...TRACKS]);
  const others = (...given) => wrongSizes(...given, ['transform', ...ORIGINS]);
  for (const find of [sizes, placesOfGenerated, others]) {
    const writes = [];
    for (const [node, component, pseudo] of placed) {
      await breatheInTime();
      for (const write of find(component, node, pseudo)) writes.push([node, component, pseudo, ...write]);
    }
    for (const write of writes) fix(sandbox, ...write);
  }
}

function wrongSizes(_component, { element, clone }, pseudo, names) {
  const [theirs, ours] = [element, clone].map((each) => readValues(each, pseudo, names));
  return names.flatMap((name, index) => (isNear(theirs[index], ours[index]) ? [] : [[name, laidOut(theirs[index])]]));
}

/** Whether two used values are the same length, but for what layout rounds. */
function isNear(one, other) {
  return one === other || (PIXELS.test(one) && PIXELS.test(other) && Math.abs(parseFloat(one) - parseFloat(other)) <= TOLERANCE);
}

function placesOfGenerated(component, node, pseudo) {
  const sides = placedSides(component, node, pseudo);
  if (sides.length === 0) return [];
  const root = component.root.element;
  const [theirs, ours] = [node.element, node.clone].map((element) => getComputedStyle(element, pseudo));
  if (containing(node.element, root) !== null) {
    return sides.filter((side) => !isNear(theirs[side], ours[side])).map((side) => [side, laidOut(theirs[side])]);
  }
  let outer = renderedParent(root);
  while (outer !== null && !holdsPlaced(outer)) outer = renderedParent(outer);
  const [here, there] = [cornerOf(root), outer ? cornerOf(outer) : { x: -scrollX, y: -scrollY }];
  const place = (start, end, by) => (sides.includes(start) || sides.includes(end)
    ? [[start, inPixels(parseFloat(theirs[start]) + by)], [end, 'auto']] : []);
  return [...place('left', 'right', there.x - here.x), ...place('top', 'bottom', there.y - here.y)];
}

/** Where what an element places is placed from: inside of its border. */
function cornerOf(element) {
  const { x, y } = boxOf(element);
  const its = safe(element);
  return { x: x + its.clientLeft - its.scrollLeft, y: y + its.clientTop - its.scrollTop };
}

// What a root says of itself by what it stands in is written out: alone it stands in nothing.

const LONE_VARIABLE = /^var\(\s*(--[^\s,()]+)\s*\)$/;
const BY_PARENT = /^([\d.]+)(em|%)$/;
const CORNERS = [['top', 'left'], ['top', 'right'], ['bottom', 'right'], ['bottom', 'left']];
const HALF = 0.5; // a pixel
const CURRENT = /(?<![\w-])currentcolor(?![\w-])/gi;
const NUMBER = /^[\d.]+%?$/;
// Properties that an element without a value of its own takes from its parent.
const HANDED_DOWN = new RegExp(`^(?:${[
  'color', 'font', 'font-.*', 'line-height', 'letter-spacing', 'word-(?:spacing|break)', 'text-(?:align|indent|transform|shadow)',
  'white-space.*', 'list-style.*', 'cursor', 'visibility', 'fill', 'stroke', 'pointer-events', 'caret-color', 'direction',
].join('|')})$`);

/** Writes out, in the rules of a root, what the page around it would have decided.
 *
 * Of what holds at rest only that which no comparison puts right: the rest may go on following its new surroundings.
 */
function writeOut({ element, rules }) {
  const outside = renderedParent(element);
  if (outside === null) return;
  const [faded, filtered] = [opacityAround(element), filterAround(element)];
  for (const rule of rules) {
    if (rule.suffix.includes('::')) continue;
    for (const [name, value] of Object.entries(rule.declarations)) {
      const said = isOwn(rule) ? atRest(name, value, outside) : inState(name, value, outside, rules);
      const isFaded = !isOwn(rule) && name === 'opacity' && faded < 1 && NUMBER.test(said);
      const isFiltered = !isOwn(rule) && name === 'filter' && filtered !== '';
      rule.declarations[name] = isFaded ? timesOpacity(said, faded) : isFiltered ? thenFilter(said, filtered) : said;
    }
  }
}

function atRest(name, value, outside) {
  if (name === 'all' && value === 'inherit') return 'unset';
  return name.startsWith('--') && value === 'inherit' ? variableOf(outside, name) : value;
}

function inState(name, value, outside, rules) {
  const size = name === 'font-size' ? BY_PARENT.exec(value) : null;
  if (size) {
    const by = size[1] / (size[2] === '%' ? 100 : 1);
    return `${Number((parseFloat(getComputedStyle(outside).fontSize) * by).toFixed(4))}px`;
  }
  // The text's colour is the parent's in what says the text's own, also where it is mixed with another.
  if (name === 'color' && value.search(CURRENT) >= 0) return value.replaceAll(CURRENT, getComputedStyle(outside).color);
  if (!isTaken(name, value, outside, rules)) return atRest(name, value, outside);
  return computedValue(outside, name) || value;
}

/** Whether a declaration says no more than that the parent's value is taken. */
function isTaken(name, value, outside, rules) {
  if (name.startsWith('--') || name === 'all') return false;
  if (value === 'inherit') return true;
  if (!HANDED_DOWN.test(name)) return false;
  const [, variable] = LONE_VARIABLE.exec(value) ?? [];
  const isSaid = () => rules.some(({ declarations }) => Object.hasOwn(declarations, variable));
  return value === 'unset' || (variable !== undefined && !isSaid() && variableOf(outside, variable) === '');
}

function variableOf(element, name) {
  return plainValue(getComputedStyle(element).getPropertyValue(nameInPage(name)), document.baseURI);
}

/** How much of an element the groups that it stands in let be seen (CSS Color 4, section 3.2). */
function opacityAround(element) {
  let all = 1;
  for (let outer = renderedParent(element); outer !== null; outer = renderedParent(outer)) all *= getComputedStyle(outer).opacity;
  return all;
}

function timesOpacity(value, factor) {
  return String(Number((parseFloat(value) * (value.endsWith('%') ? 0.01 : 1) * factor).toFixed(4)));
}

/** What the groups that an element stands in make of it, the nearest first; '' where they leave it as it is. */
function filterAround(element) {
  const found = [];
  for (let outer = renderedParent(element); outer !== null; outer = renderedParent(outer)) {
    const { filter } = getComputedStyle(outer);
    if (filter !== 'none' && !filter.includes('url(')) found.push(filter);
  }
  return found.join(' ');
}

function thenFilter(value, filters) {
  return /^(?:none|initial|unset|revert|revert-layer|)$/.test(value) ? filters : `${value} ${filters}`;
}

/** Property → radius of the corners of a picture that the rounded corners of what is around it cut off. */
function roundedAround(element) {
  const found = {};
  const own = boxOf(element);
  const style = getComputedStyle(element);
  let { position } = style;
  for (let outer = renderedParent(element); outer !== null; outer = renderedParent(outer)) {
    const around = getComputedStyle(outer);
    if (/^(?:absolute|fixed)$/.test(position) && !holdsPlaced(outer)) continue;
    ({ position } = around);
    if (around.overflowX === 'visible' || around.overflowY === 'visible') continue;
    const room = withParts(outer, ['border-*-width'], -1);
    for (const [y, x] of CORNERS) {
      const name = `border-${y}-${x}-radius`;
      const isThere = Math.abs(room[y] - own[y]) < HALF && Math.abs(room[x] - own[x]) < HALF;
      if (isThere && style.getPropertyValue(name) === '0px') found[name] ??= innerRadius(outer, around, y, x);
    }
  }
  return found;
}

/** The radius of a corner inside of the border. */
function innerRadius(element, style, y, x) {
  const { width, height } = boxOf(element);
  const [across, down] = style.getPropertyValue(`border-${y}-${x}-radius`).split(' ');
  const inside = (radius, whole, side) => {
    const length = radius.endsWith('%') ? (parseFloat(radius) / 100) * whole : parseFloat(radius);
    return inPixels(Math.max(0, length - parseFloat(style.getPropertyValue(`border-${side}-width`))));
  };
  const radii = [inside(across, width, x), inside(down ?? across, height, y)];
  return radii[0] === radii[1] ? radii[0] : radii.join(' ');
}

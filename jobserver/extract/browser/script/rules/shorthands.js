// Which properties a declaration sets: shorthands, `all`, and logical sides as physical ones.

const EXEMPT_FROM_ALL = new Set(['direction', 'unicode-bidi', 'all']);
const SIDE_NAMES = { 'horizontal-tb': ['top', 'bottom', 'left', 'right'], 'vertical-lr': ['left', 'right', 'top', 'bottom'] };
const LOGICAL = /^(margin|padding|inset|border|scroll-margin|scroll-padding)-(block|inline)-(start|end)(-width|-style|-color)?$/;
const CORNER = /^border-(start|end)-(start|end)-radius$/;
const SIZE = /^((?:min-|max-|contain-intrinsic-)?)(block|inline)-size$/;
const SIDED = /(?:^|-)(?:inline|block|start|end)-|-(?:start|end)$/;

const longhandsByName = new Map();
const slotsByName = new Map();
const sidesByElement = new WeakMap();
const sidesByFlow = new Map();
let scratchStyle = null;

/** The longhands that a declaration of `name` sets, as the browser says; [] of a name it does not know. */
function longhandsOf(name) {
  if (name.startsWith('--') || name === 'all') return [name];
  let found = longhandsByName.get(name);
  if (found === undefined) {
    scratchStyle ??= scratchRule();
    scratchStyle.setProperty(name, 'var(--any)');
    found = [...scratchStyle];
    scratchStyle.removeProperty(name);
    longhandsByName.set(name, found);
  }
  return found;
}

function scratchRule() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('a {}');
  return sheet.cssRules[0].style;
}

/** Whether setting `wide` sets `narrow`. */
function covers(wide, narrow) {
  if (wide === narrow) return true;
  if (wide === 'all') return !narrow.startsWith('--') && !EXEMPT_FROM_ALL.has(narrow);
  if (wide.startsWith('--')) return false;
  const inner = longhandsOf(narrow);
  const outer = longhandsOf(wide);
  return inner.length > 0 && outer.length >= inner.length && inner.every((name) => outer.includes(name));
}

/** The longhands that a declaration of `name` sets on an element, sides as they lie there: what competes has one name. */
function placesSet(name, element) {
  let found = slotsByName.get(name);
  if (found === undefined) {
    const longhands = longhandsOf(name);
    found = longhands.some((each) => SIDED.test(each)) ? null : longhands;
    slotsByName.set(name, found);
  }
  return found ?? slotsOfFlow(name, sidesOf(element));
}

function slotsOfFlow(name, sides) {
  const { known } = sides;
  return known.get(name) ?? known.set(name, longhandsOf(name).map((each) => physical(each, sides))).get(name);
}

/** `margin-left` for `margin-inline-start` where text runs from left to right. */
function physical(name, sides) {
  const line = LOGICAL.exec(name);
  if (line) {
    const side = sides[`${line[2]}-${line[3]}`];
    return line[1] === 'inset' ? side : `${line[1]}-${side}${line[4] ?? ''}`;
  }
  const size = SIZE.exec(name);
  if (size) return size[1] + sides[size[2]];
  const corner = CORNER.exec(name);
  if (!corner) return name;
  const corners = [sides[`block-${corner[1]}`], sides[`inline-${corner[2]}`]];
  const upright = corners.find((side) => side === 'top' || side === 'bottom');
  return `border-${upright}-${corners.find((side) => side !== upright)}-radius`;
}

function sidesOf(element) {
  let sides = sidesByElement.get(element);
  if (sides === undefined) {
    const { direction, writingMode } = getComputedStyle(element);
    const flow = `${direction} ${writingMode}`;
    sides = sidesByFlow.get(flow) ?? sidesByFlow.set(flow, sidesIn(direction, writingMode)).get(flow);
    sidesByElement.set(element, sides);
  }
  return sides;
}

function sidesIn(direction, writingMode) {
  const vertical = writingMode !== 'horizontal-tb';
  const names = [...SIDE_NAMES[vertical ? 'vertical-lr' : 'horizontal-tb']];
  if (/^(?:vertical|sideways)-rl$/.test(writingMode)) names.splice(0, 2, 'right', 'left');
  if ((direction === 'rtl') !== (writingMode === 'sideways-lr')) names.splice(2, 2, names[3], names[2]);
  return {
    'block-start': names[0], 'block-end': names[1], 'inline-start': names[2], 'inline-end': names[3],
    block: vertical ? 'width' : 'height', inline: vertical ? 'height' : 'width', known: new Map(),
  };
}

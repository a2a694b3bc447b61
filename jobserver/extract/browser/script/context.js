// What a component's root is to look like alone: it keeps its looks and loses its place.

const PLACE = new RegExp(`^(?:${[
  'position', 'inset.*', 'top|right|bottom|left', 'margin.*', 'float|clear', 'flex', 'flex-(?:grow|shrink|basis)',
  'order|z-index', '(?:align|justify|place)-self', 'grid-area', 'grid-(?:row|column)(?:-start|-end)?', 'position-(?:anchor|area)',
  'scroll-margin.*',
].join('|')})$`);
const PLACELESS = {
  top: 'auto', right: 'auto', bottom: 'auto', left: 'auto', 'margin-top': '0px', 'margin-right': '0px', 'margin-bottom': '0px',
  'margin-left': '0px', float: 'none', clear: 'none', 'flex-grow': '0', 'flex-shrink': '1', 'flex-basis': 'auto', order: '0',
  'align-self': 'auto', 'justify-self': 'auto', 'grid-row-start': 'auto', 'grid-row-end': 'auto', 'grid-column-start': 'auto',
  'grid-column-end': 'auto', 'z-index': 'auto',
};
const INLINE_AS_BLOCK = { 'inline-block': 'block', 'inline-flex': 'flex', 'inline-grid': 'grid', 'inline-table': 'table' };
const BY_ITSELF = /^(?:button|input|select|textarea|img|svg|canvas|video|iframe|progress|meter|fieldset)$/;
const PICTURE = /^(?:img|svg|canvas|video|iframe)$/;
const ATOMIC = /^(?:inline-(?:block|flex|grid|table)|table-cell)$/;
const DECORATION = ['text-decoration-line', 'text-decoration-style', 'text-decoration-color', 'text-decoration-thickness'];

const PADDINGS = ['padding-top', 'padding-right', 'padding-bottom', 'padding-left'];

/** Property → value where the root alone differs from the root in its page. `display` is settled later. */
function expectedOf(component) {
  const { element } = component.root;
  const style = getComputedStyle(element);
  const expected = { ...PLACELESS, position: isContaining(component, style) ? 'relative' : 'static' };
  if (expected.position === 'relative' && stacks(style)) expected['z-index'] = '0';
  if (/^(?:absolute|fixed)$/.test(style.position) && isShift(style.transform)) {
    expected.transform = 'none';
    expected.translate = 'none';
  }
  const faded = opacityAround(element);
  if (faded < 1) expected.opacity = timesOpacity(style.opacity, faded);
  const filtered = filterAround(element);
  if (filtered !== '') expected.filter = thenFilter(style.filter, filtered);
  if (style.display !== 'table-cell') expected['vertical-align'] = 'baseline';
  if (computedValue(element, 'width').includes('%')) expected.width = /^inline/.test(style.display) ? '100%' : 'auto';
  if (PICTURE.test(safe(element).localName)) {
    // Alone it has no height to have a part of; one that went by its own proportions would be nearly as large.
    if (computedValue(element, 'height').includes('%')) expected.height = style.height;
    Object.assign(expected, roundedAround(element));
  }
  const widest = computedValue(element, 'max-width');
  // Alone it stands in as much room as it is drawn on.
  const isAsWide = widest === '100%' && isShift(style.transform) && style.scale === 'none';
  if (widest.includes('%') && !isAsWide) expected['max-width'] = 'none';
  if (computedValue(element, 'min-width').includes('%')) expected['min-width'] = 'auto';
  for (const side of PADDINGS) if (computedValue(element, side).includes('%')) expected[side] = style.getPropertyValue(side);
  return { ...expected, ...decorationOf(element, style) };
}

function isShift(transform) {
  return transform === 'none' || transform.startsWith('matrix(1, 0, 0, 1,');
}

function stacks(style) {
  return style.position === 'fixed' || style.position === 'sticky' || style.zIndex !== 'auto';
}

/** Whether something inside is placed by the root's box, or would be if what placed it were not left behind. */
function isContaining(component, style) {
  if (style.position !== 'static' || hasPlacedByOthers(component)) return true;
  return component.nodes.some(({ element }, place) => (
    place > 0 && element !== null && /^(?:absolute|fixed)$/.test(getComputedStyle(element).position)));
}

/** A line under a text is drawn by whoever says it, through all that is in line inside. */
function decorationOf(element, style) {
  if (style.textDecorationLine !== 'none') return {};
  for (let inner = element; inner; inner = renderedParent(inner)) {
    const its = getComputedStyle(inner);
    if (ATOMIC.test(its.display) || its.float !== 'none' || /^(?:absolute|fixed)$/.test(its.position)) return {};
    if (its.textDecorationLine !== 'none') {
      return Object.fromEntries(DECORATION.map((name) => [name, its.getPropertyValue(name)]));
    }
  }
  return {};
}

/** The display that the root would have had but for the place it stood in. */
function displayAlone(element, theirs, ours) {
  if (INLINE_AS_BLOCK[ours] === theirs || (ours === 'flow-root' && theirs === 'block')) return ours;
  if (theirs !== 'block') return theirs;
  const { float, position } = getComputedStyle(element);
  const parent = renderedParent(element);
  const isItem = parent !== null && /flex|grid/.test(getComputedStyle(parent).display);
  if (!isItem && float === 'none' && !/^(?:absolute|fixed)$/.test(position)) return theirs;
  if (ours === 'inline') return 'inline-block';
  return BY_ITSELF.test(safe(element).localName) ? theirs : 'flow-root';
}

/** Takes the root's place out of its rules. */
function withoutPlace(rules) {
  for (const { suffix, declarations } of rules) {
    if (suffix.includes('::')) continue;
    for (const name of Object.keys(declarations)) if (PLACE.test(name)) delete declarations[name];
  }
  return rules;
}

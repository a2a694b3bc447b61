// What floats beside a component in the page shortens its lines: alone, an empty float in it does so.

const MOST_BEFORE = 400; // siblings before a component and before what it stands in
const LINES_OF = /^(?:block|list-item|inline|contents)$/;
const floatsInside = new Map();

/** Whether floats inside are kept from what is outside, and those outside from what is inside (CSS 2.2, 9.4.1). */
function keepsFloats({ display, position, overflowX, float, contain, columnCount, columnWidth }) {
  const isOutOfLine = !LINES_OF.test(display) || /^(?:absolute|fixed)$/.test(position) || float !== 'none';
  return isOutOfLine || !/^(?:visible|clip)$/.test(overflowX) || /layout|paint|strict|content/.test(contain)
    || columnCount !== 'auto' || columnWidth !== 'auto';
}

/** What floats in an element, and is not kept in it; the element itself, if it does. */
function floatsIn(element) {
  if (!floatsInside.has(element)) {
    const style = getComputedStyle(element);
    const isOne = style.float !== 'none';
    const isClosed = style.display === 'none' || isOne || keepsFloats(style);
    floatsInside.set(element, isClosed ? (isOne ? [element] : []) : [...safe(element).children].flatMap(floatsIn));
  }
  return floatsInside.get(element);
}

/** Whether no float from outside reaches into an element; beside the items of a flex box or a grid nothing floats. */
function isApart(element) {
  const parent = renderedParent(element);
  return keepsFloats(getComputedStyle(element)) || (parent !== null && !LINES_OF.test(getComputedStyle(parent).display));
}

/** What floats before an element where nothing keeps it away. */
function floatsBefore(element) {
  const found = [];
  let left = MOST_BEFORE;
  for (let outer = element; outer !== null && !isApart(outer); outer = renderedParent(outer)) {
    let before = safe(outer).previousElementSibling;
    for (; before !== null && left > 0; before = safe(before).previousElementSibling) {
      left -= 1;
      found.push(...floatsIn(before));
    }
  }
  return found;
}

/** A box that is larger by what its style says of `parts`, or smaller: {left, top, right, bottom}. */
function withParts(element, parts, sign) {
  const { left, top, right, bottom } = boxOf(element);
  const style = getComputedStyle(element);
  const by = (side) => sign * parts.reduce((sum, part) => sum + parseFloat(style.getPropertyValue(part.replace('*', side))), 0);
  return { left: left - by('left'), top: top - by('top'), right: right + by('right'), bottom: bottom + by('bottom') };
}

/** [side, width, height] of all that floats into the content of an element, from its first line on. */
function floatingInto(element) {
  if (!/^(?:block|list-item)$/.test(getComputedStyle(element).display)) return [];
  const room = withParts(element, ['padding-*', 'border-*-width'], -1);
  return floatsBefore(element).flatMap((each) => {
    const box = withParts(each, ['margin-*'], 1);
    const isRight = getComputedStyle(each).float === 'right';
    const width = isRight ? room.right - box.left : box.right - room.left;
    // What leaves no room beside it has no lines beside it: the element lies over it.
    const isIn = width > 0 && width < room.right - room.left && box.top <= room.top && box.bottom > room.top;
    return isIn ? [[isRight ? 'right' : 'left', width, Math.min(box.bottom, room.bottom) - room.top]] : [];
  });
}

/** What to write for the root, once in a pass: the one float that stands for one outside, or none where none is any more. */
function floated(component) {
  const { root } = component;
  const part = '::before';
  if (root.off.settled.has('float') || isGenerated(getComputedStyle(root.element, part))) return [];
  root.off.settled.add('float');
  const [one, more] = floatingInto(root.element);
  const write = (name, value) => [root, component, part, name, value];
  if (one === undefined || more !== undefined) {
    return getComputedStyle(root.clone, part).float === 'none' ? [] : [write('content', 'none')];
  }
  const [side, width, height] = one;
  return [write('content', '""'), write('float', side), write('width', inPixels(width)), write('height', inPixels(height))];
}

// Which pseudo-elements an element has.

const TEXT_LIKE = `textarea,input:not([type=checkbox i],[type=radio i],[type=range i],[type=color i],[type=file i],
  [type=submit i],[type=button i],[type=reset i],[type=image i],[type=hidden i])`;
const DATED = 'input:is([type=date i],[type=time i],[type=month i],[type=week i],[type=datetime-local i])';
const SCROLLING = /auto|scroll/;
// The pseudo-element, or how its name begins, and the elements that have it; null asks `hasItself`.
const OWNERS = [
  ['::before', null], ['::after', null], ['::marker', null], ['::first-line', null], ['::first-letter', null],
  ['::selection', null],
  ['::placeholder', TEXT_LIKE], ['::-webkit-input-placeholder', TEXT_LIKE], ['::file-selector-button', 'input[type=file i]'],
  ['::-webkit-file-upload-button', 'input[type=file i]'], ['::-webkit-slider-', 'input[type=range i]'],
  ['::-webkit-progress-', 'progress'], ['::-webkit-meter-', 'meter'], ['::-webkit-search-', 'input[type=search i]'],
  ['::-webkit-inner-spin-button', TEXT_LIKE], ['::-webkit-outer-spin-button', TEXT_LIKE], ['::-webkit-datetime-edit', DATED],
  ['::-webkit-date-and-time-value', DATED], ['::-webkit-clear-button', DATED], ['::-webkit-color-swatch', 'input[type=color i]'],
  ['::-webkit-calendar-picker-indicator', `${DATED},input[list]`], ['::-webkit-details-marker', 'summary'],
  ['::-webkit-scrollbar', null], ['::-webkit-resizer', null], ['::details-content', 'details'], ['::backdrop', 'dialog'],
  ['::checkmark', 'option'], ['::picker', 'select'],
];
const quietPseudos = new Map();
const NO_CONTENT = `img,video,audio,iframe,canvas,embed,object,br,wbr,textarea,svg *,
  input:not([type=checkbox i],[type=radio i],[type=file i],[type=range i])`;

/** Whether a rule for `pseudo` can show on an element; of `::before` and `::after` `flatten` asks for content besides. */
function mayHavePseudo(element, pseudo, places, shared) {
  const name = pseudo.toLowerCase();
  const [start, owners] = OWNERS.find(([each]) => name.startsWith(each)) ?? [null, null];
  if (start === null) return false;
  return owners === null ? hasItself(element, start, places, shared) : fits(element, owners);
}

function hasItself(element, start, places, shared) {
  const style = getComputedStyle(element);
  if (start === '::before' || start === '::after') return !fits(element, NO_CONTENT);
  if (start === '::marker') return style.display.includes('list-item') || fits(element, 'summary');
  if (start.startsWith('::-webkit')) return SCROLLING.test(style.overflowX + style.overflowY) || fits(element, 'textarea,select');
  // A highlight is handed down: it is said once, at the outermost element that it is said of.
  if (start === '::selection') return !saidAbove(element, places, shared);
  return !/^(?:inline|contents|none)$/.test(style.display);
}

function saidAbove(element, places, shared) {
  const parent = renderedParent(element);
  return parent !== null && places.has(parent) && hitsOf(parent).some((hit) => hit.entry.shared === shared);
}

/** `::part:hover` as `::part:where(:hover)`, which leaves the decision to the order, where the browser knows that. */
function statesLast(pseudo) {
  if (!quietPseudos.has(pseudo)) quietPseudos.set(pseudo, quietPseudo(pseudo));
  return quietPseudos.get(pseudo);
}

function quietPseudo(pseudo) {
  const [, element, states] = /^(::[\w-]+(?:\([^)]*\))?)(:.*)?$/.exec(pseudo) ?? [null, pseudo, undefined];
  if (states === undefined) return pseudo;
  const quiet = `${element}:where(${states})`;
  return CSS.supports(`selector(${quiet})`) ? quiet : pseudo;
}

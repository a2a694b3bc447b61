// What a selector says of an element while the states of it and of its neighbours are still open.

// States that nothing is in when a page has just been read, or that are not to be kept from it.
const DYNAMIC = new Set(`hover focus focus-visible focus-within active visited target target-within user-valid user-invalid
  autofill -webkit-autofill -internal-autofill-selected popover-open`.split(/\s+/));
// States an element may be in already and may leave.
const LIVE = new Set(`checked indeterminate placeholder-shown valid invalid in-range out-of-range open disabled
  enabled`.split(/\s+/));
const PLACED = new Set(['scope', 'host', 'host-context']);
const FOCUSABLE = `a[href],area[href],button,input,select,textarea,summary,iframe,audio[controls],video[controls],[tabindex],
  [contenteditable]`;
const CONTROL = 'button,input,select,textarea,option,optgroup,fieldset';
const FILLED = 'form,fieldset,button,input,select,textarea,output,object';
const POSSIBLE = {
  focus: FOCUSABLE, 'focus-visible': FOCUSABLE, 'focus-within': `${FOCUSABLE},:has(${FOCUSABLE})`, visited: 'a[href],area[href]',
  target: '[id]', 'target-within': ':has([id])', 'popover-open': '[popover]:not(:popover-open)',
  autofill: 'input,select,textarea', '-webkit-autofill': 'input,select,textarea',
  '-internal-autofill-selected': 'input,select,textarea',
  'user-valid': FILLED, 'user-invalid': FILLED, valid: FILLED, invalid: FILLED, disabled: CONTROL, enabled: CONTROL,
  checked: 'input:is([type=checkbox i],[type=radio i])', indeterminate: 'input:is([type=checkbox i],[type=radio i])',
  'placeholder-shown': 'input,textarea', 'in-range': 'input:is([min],[max])', 'out-of-range': 'input:is([min],[max])',
  open: 'details,dialog,select,input',
};
const MAX_CASES = 12;
const MAX_STEPS = 3000;
const MAX_STEPS_EACH = 30000;

const { matches: matchesSelector } = Element.prototype;
const statesOfElements = new WeakMap();
let stepsLeft = 0;
let stepsOfElement = MAX_STEPS_EACH;

function variesByItself(kind, name, text) {
  if (kind === 'attribute') return text.toLowerCase() === '[open]';
  return kind === 'pseudo' && (DYNAMIC.has(name) || LIVE.has(name) || name === 'scope');
}

/** Whether an element itself matches a selector that the browser understands. */
function fits(element, text) {
  try {
    return matchesSelector.call(element, text);
  } catch {
    return false;
  }
}

/** A selector that is true wherever `selector` may be: what depends on a state is left out. */
function withoutStates(selector) {
  return selectorText(selector, weakened);
}

function weakened(simple) {
  if (!simple.varies) return simple.text;
  if (simple.name === 'scope') return ':root';
  if (simple.name === 'host' || simple.name === 'host-context') return ':host';
  if (simple.list === null) return '';
  const list = simple.name === 'not' ? simple.list.filter((each) => !selectorVaries(each)) : simple.list;
  if (list.length === 0) return '';
  return `:${simple.name}(${list.map(withoutStates).join(',')})`;
}

// A condition on states is a list of cases of which one must hold; a case is a list of states that all must hold.
const ALWAYS = [[]];
const NEVER = [];

function either(a, b) {
  if (a.some((each) => each.length === 0) || b.some((each) => each.length === 0)) return ALWAYS;
  const equal = (one, other) => one.length === other.length && one.every((state) => other.includes(state));
  const extra = b.filter((each) => !a.some((known) => equal(known, each)));
  return extra.length === 0 ? a : [...a, ...extra].slice(0, MAX_CASES);
}

function both(a, b) {
  if (a === ALWAYS) return b;
  if (b === ALWAYS) return a;
  let joined = NEVER;
  for (const one of a) {
    for (const other of b) {
      const states = [...new Set([...one, ...other])];
      if (!states.some((state) => states.includes(state.opposite))) joined = either(joined, [states]);
    }
  }
  return joined;
}

function opposite(condition) {
  const not = (states) => states.reduce((some, state) => either(some, [[state.opposite]]), NEVER);
  return condition.reduce((all, states) => both(all, not(states)), ALWAYS);
}

/** A state of one element and its opposite: always the same objects, so that they can be compared. */
function stateOf(element, text) {
  const known = statesOfElements.get(element) ?? statesOfElements.set(element, new Map()).get(element);
  if (!known.has(text)) {
    const state = { element, text, opposite: null };
    state.opposite = { element, text: `:not(${text})`, opposite: state };
    known.set(text, state);
  }
  return known.get(text);
}

/** On which states it depends that `element` matches `selector`.
 *
 * `around`: `{ places, scope, host }`, the elements of the component, what `:scope` is, and the shadow host.
 */
function statesFor(selector, element, around) {
  const most = Math.min(MAX_STEPS, stepsOfElement);
  stepsLeft = most;
  const condition = conditionFrom(selector, selector.compounds.length - 1, element, around);
  stepsOfElement -= most - Math.max(0, stepsLeft);
  return condition;
}

/** Another element is asked about: no rules, however many, hold up the page for long. */
function renewSteps() {
  stepsOfElement = MAX_STEPS_EACH;
}

function conditionFrom(selector, index, element, around) {
  stepsLeft -= 1;
  if (stepsLeft < 0) return NEVER;
  let condition = ALWAYS;
  for (const simple of selector.compounds[index]) {
    condition = both(condition, conditionOf(simple, element, around));
    if (condition.length === 0) return NEVER;
  }
  if (index === 0) return stands(selector.lead, element, around) ? condition : NEVER;
  return both(condition, conditionOfContext(selector, index - 1, element, around));
}

/** For a relative selector: whether `element` stands to the element it is relative to as the selector says. */
function stands(lead, element, { anchor }) {
  if (anchor === undefined) return true;
  if (lead === '>') return parentOf(element) === anchor;
  if (lead === '+') return element.previousElementSibling === anchor;
  if (lead === '~') return element !== anchor && parentOf(element) === parentOf(anchor) && follows(anchor, element);
  return element !== anchor && safe(anchor).contains(element);
}

function conditionOfContext(selector, index, element, around) {
  let condition = NEVER;
  for (const other of contextOf(selector.combinators[index], element, around)) {
    condition = either(condition, conditionFrom(selector, index, other, around));
    if (condition === ALWAYS) return ALWAYS;
  }
  return condition;
}

function* contextOf(combinator, element, around) {
  if (combinator === '+' || combinator === '~') {
    let other = safe(element).previousElementSibling;
    while (other !== null) {
      yield other;
      other = combinator === '+' ? null : safe(other).previousElementSibling;
    }
    return;
  }
  let other = parentWithin(element, around.host);
  while (other !== null) {
    yield other;
    other = combinator === '>' ? null : parentWithin(other, around.host);
  }
}

function parentOf(element) {
  return safe(element).parentElement;
}

/** The parent; of what stands at the top of a shadow tree the host, which knows itself as `:host` there. */
function parentWithin(element, host) {
  if (element === host) return null;
  const { parentNode } = safe(element);
  if (parentNode instanceof Element) return parentNode;
  return host && parentNode instanceof ShadowRoot && parentNode.host === host ? host : null;
}

function follows(first, second) {
  return (first.compareDocumentPosition(second) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}

function conditionOf(simple, element, around) {
  if (simple.kind === 'pseudo' && PLACED.has(simple.name)) return conditionOfPlace(simple, element, around);
  if (simple.list !== null && simple.kind === 'pseudo' && (simple.varies || element === around.host)) {
    return conditionOfList(simple, element, around);
  }
  if (element === around.host) return NEVER; // in its own shadow tree a host is nothing but `:host`
  if (!simple.varies) return fits(element, simple.text) ? ALWAYS : NEVER;
  return conditionOfState(simple, element, around);
}

function conditionOfList({ name, list }, element, around) {
  if (name === 'has') return list.reduce((some, each) => either(some, conditionOfHas(each, element, around)), NEVER);
  const inner = { ...around, anchor: undefined };
  const any = list.reduce((some, each) => either(some, conditionFrom(each, each.compounds.length - 1, element, inner)), NEVER);
  return name === 'not' ? opposite(any) : any;
}

function conditionOfHas(selector, element, around) {
  const subject = compoundText(selector.compounds.at(-1), weakened);
  const beside = selector.lead === '+' || selector.lead === '~';
  const from = beside ? parentOf(element) ?? element : element;
  let condition = NEVER;
  for (const other of from.querySelectorAll(subject)) {
    condition = either(condition, conditionFrom(selector, selector.compounds.length - 1, other, { ...around, anchor: element }));
    if (condition === ALWAYS || stepsLeft < 0) break;
  }
  return condition;
}

function conditionOfPlace({ name, list }, element, around) {
  if (name === 'scope') return element === (around.scope ?? document.documentElement) ? ALWAYS : NEVER;
  if (element !== around.host) return NEVER;
  const outside = { places: around.places };
  const fit = (of, each) => conditionFrom(each, each.compounds.length - 1, of, outside);
  const fitting = (of) => (list ?? []).reduce((some, each) => either(some, fit(of, each)), NEVER);
  if (name === 'host') return list === null ? ALWAYS : fitting(element);
  let condition = NEVER;
  for (let other = element; other !== null; other = renderedParent(other)) condition = either(condition, fitting(other));
  return condition;
}

/** A state of an element inside the component stays open; outside it is what it is now, and nothing is hovered.
 *
 * But for the focus within: it is where the root's is.
 */
function conditionOfState(simple, element, { places }) {
  const { kind, name, text } = simple;
  const inside = places.has(element) && mayBe(name, element, places);
  if (kind === 'attribute' && !fits(element, 'details,dialog')) return present(element, text);
  if (inside) return [[stateOf(element, text)]];
  const root = name === 'focus-within' ? rootInside(element, places) : null;
  if (root !== null) return [[stateOf(root, text)]];
  return DYNAMIC.has(name) && name !== 'popover-open' ? NEVER : present(element, text);
}

/** The root that an element outside of the component is around, if it can have the focus: then that has it within, too. */
function rootInside(element, places) {
  const [root = null] = places.keys();
  if (root === null || !mayBe('focus-within', root, places)) return null;
  let outer = root;
  while (outer !== null && outer !== element) outer = renderedParent(outer);
  return outer === null ? null : root;
}

function present(element, text) {
  return fits(element, text) ? ALWAYS : NEVER;
}

function mayBe(name, element, places) {
  // Only a script brings a box between on and off, and no markup: it is what it is now.
  if (name === 'indeterminate' && fits(element, '[type=checkbox i]')) return false;
  const who = POSSIBLE[name];
  return who === undefined || fits(element, who) || (name.startsWith('focus') && places.get(element) === 0);
}

/** What follows the class of `element` in a selector, so that it holds under a condition; null where that cannot be said. */
function suffixOf(condition, element, places) {
  if (condition === ALWAYS) return '';
  const cases = condition.map((states) => caseText(states, element, places));
  return cases.length === 1 ? cases[0] : `:where(${cases.join(',')})`;
}

function caseText(states, element, places) {
  const own = states.filter((state) => state.element === element).map((state) => state.text).join('');
  const others = states.filter((state) => state.element !== element);
  return (own && `:where(${own})`) + others.map((state) => `:where(${stateElsewhere(state, element, places)})`).join('');
}

/** `{2}:hover *`: a state of another element of the component, said of `element`. */
function stateElsewhere({ element: other, text }, element, places) {
  const named = `{${places.get(other)}}${text}`;
  let inner = element;
  for (let steps = ' *', outer = renderedParent(inner); outer !== null; outer = renderedParent(inner)) {
    if (outer === other) return `${named} *`;
    if (outer === renderedParent(other) && parentOf(inner) === parentOf(other) && follows(other, inner)) {
      return `${named} ~ *${inner === element ? '' : steps}`;
    }
    inner = outer;
  }
  return places.get(element) === 0 ? `:has(${named})` : `{0}:has(${named}) *`;
}

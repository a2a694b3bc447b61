// All that reaches an element, as rules of one class whose order alone decides.

const GENERATED = /^::(?:before|after)$/;
const NOTHING_SHOWN = /^(?:none|normal|initial|unset|revert)$/;
const UNDRAWN = /^(?:none|initial)$/;
// What a shorthand sets along the way, and what no browser's own sheet sets: at first it is so anyway.
const IDLE = {
  initial: /^(?:background-(?:image|position-[xy]|size|repeat|attachment|origin|clip)|border-image-\w+|mask-\w+)$/,
  none: /^(?:border-image-source|animation-fill-mode)$/, normal: /^(?:transition-behavior|animation-(?:direction|range-\w+))$/,
  auto: /^animation-timeline$/, running: /^animation-play-state$/, stretch: /^border-image-repeat$/,
  '100%': /^border-image-slice$/, 1: /^(?:border-image-width|animation-iteration-count)$/, 0: /^border-image-outset$/,
  '0s': /^(?:animation|transition)-delay$/, ease: /^(?:animation|transition)-timing-function$/,
};

/** The rules of an element: `[{ suffix, conditions, declarations }]`, the element's own first, then its pseudo-elements',
 * each with what wins at rest under no condition; then those under conditions and in states, the weakest first.
 *
 * `places`: element → its number in the component, the root 0; `{n}` in a suffix stands for the class of the n-th.
 * Nothing is `!important` any more. Left out is what a stronger declaration without conditions always beats.
 */
function flatten(element, places) {
  return flattened(shownOnly(matchedRules(element, places)), element);
}

/** `matched`: rules as `matchedRules` has them. */
function flattened(matched, element) {
  const bases = new Map([['', newBase()]]);
  matched.forEach((rule, rank) => {
    if (!bases.has(rule.pseudo)) bases.set(rule.pseudo, newBase());
    if (isAlways(rule)) putAll(bases.get(rule.pseudo), rule, rank, element, matched);
  });
  const conditional = conditionalRules(matched, bases, element);
  const rules = [];
  for (const [pseudo, base] of bases) {
    const declarations = restOf(base, conditional, pseudo);
    if (Object.keys(declarations).length > 0) rules.push({ suffix: statesLast(pseudo), conditions: [], declarations });
  }
  for (const { suffix, conditions, declarations } of conditional) {
    if (declarations.size > 0) rules.push({ suffix, conditions, declarations: Object.fromEntries(declarations) });
  }
  return withoutUndrawn(rules);
}

/** `outline: 0` says a colour too, which only a rule that draws that outline without a colour of its own could show. */
function withoutUndrawn(rules) {
  const drawn = rules.some(({ declarations: { 'outline-style': style = 'none' } }) => !UNDRAWN.test(style));
  for (const { declarations } of drawn ? [] : rules) {
    if (declarations['outline-color'] === 'initial' && 'outline-style' in declarations) delete declarations['outline-color'];
  }
  return rules;
}

function isAlways({ condition, conditions }) {
  return conditions.length === 0 && condition === ALWAYS;
}

/** Without the pseudo-elements that no rule gives any content. */
function shownOnly(matched) {
  const filled = new Set();
  for (const { pseudo, declarations } of matched) {
    if (GENERATED.test(pseudo) && !NOTHING_SHOWN.test(declarations.get('content') ?? 'none')) filled.add(pseudo);
  }
  return matched.filter(({ pseudo }) => !GENERATED.test(pseudo) || filled.has(pseudo));
}

/** `declared`: name → `{ name, value, rank, slots }`; `owners`: longhand → the one that says it at last. */
function newBase() {
  return { declared: new Map(), owners: new Map() };
}

function putAll(base, { declarations, layer }, rank, element, matched) {
  for (const [name, value] of declarations) {
    const said = value === 'revert-layer' ? beneath(matched, rank, layer, name) : value;
    const entry = { name, value: said, rank, slots: placesSet(name, element) };
    if (name === 'all') clearFor(base);
    base.declared.delete(name);
    base.declared.set(name, entry);
    for (const slot of entry.slots) base.owners.set(slot, entry);
  }
}

/** What the layers below say (CSS Cascading 5, section 7.3.5). */
function beneath(matched, rank, layer, name) {
  const { pseudo } = matched[rank];
  for (let below = rank - 1; below >= 0; below -= 1) {
    const rule = matched[below];
    const value = rule.pseudo === pseudo && isAlways(rule) && rule.layer !== layer ? rule.declarations.get(name) : undefined;
    if (value !== undefined && value !== 'revert-layer') return value;
  }
  return 'revert';
}

function clearFor({ declared, owners }) {
  for (const name of [...declared.keys()]) if (covers('all', name)) declared.delete(name);
  for (const slot of [...owners.keys()]) if (covers('all', slot)) owners.delete(slot);
}

/** Those that say anything in the end. */
function alive({ declared, owners }) {
  const isAlive = (entry) => entry.slots.length === 0 || entry.slots.some((slot) => owners.get(slot) === entry);
  return [...declared.values()].filter(isAlive);
}

function isInitial(name, value) {
  return Object.hasOwn(IDLE, value) && IDLE[value].test(name);
}

/** What is said without conditions, but for what nothing else would have made different. */
function restOf(base, conditional, pseudo) {
  const entries = alive(base);
  const wide = entries.filter(({ slots }) => slots.length > 1);
  const touched = (name) => wide.some(({ slots }) => slots.includes(name))
    || conditional.some((rule) => rule.pseudo === pseudo && rule.slots.has(name)) || base.declared.has('all');
  const needed = entries.filter(({ name, value }) => !(isInitial(name, value) && !touched(name)));
  return Object.fromEntries(needed.map(({ name, value }) => [name, value]));
}

/** `{ suffix, conditions, pseudo, declarations, slots }`, the weakest first, neighbours of one kind joined. */
function conditionalRules(matched, bases, element) {
  const written = { rules: [], holders: new Map(), slots: new Map() };
  matched.forEach((rule, rank) => {
    if (isAlways(rule)) return;
    const base = bases.get(rule.pseudo);
    for (const [name, value] of rule.declarations) {
      const slots = placesSet(name, element);
      const stronger = strongerThan(rank, slots, base, name);
      const beaten = slots.filter((slot) => (base.owners.get(slot)?.rank ?? -1) > rank);
      if ((slots.length > 0 && beaten.length === slots.length) || isIdle(name, value, slots, base, written, rule)) continue;
      const said = value === 'revert-layer' ? beneath(matched, rank, rule.layer, name) : value;
      put(written, rule, { name, value: said, slots });
      // A shorthand must not undo those parts of it that stay stronger.
      for (const entry of stronger) put(written, rule, entry);
    }
  });
  return written.rules;
}

function strongerThan(rank, slots, base, name) {
  if (name === 'all') return alive(base).filter((entry) => entry.rank > rank && covers('all', entry.name));
  if (slots.length < 2) return [];
  return [...new Set(slots.map((slot) => base.owners.get(slot)))].filter((entry) => entry && entry.rank > rank);
}

/** Whether a conditional declaration says what is so anyway. */
function isIdle(name, value, slots, base, written, { pseudo }) {
  if (slots.length !== 1 || name.startsWith('--')) return false;
  const touched = written.slots.get(pseudo);
  if (touched?.has(slots[0]) || touched?.has('all')) return false;
  const owner = base.owners.get(slots[0]);
  if (owner) return owner.name === name && owner.value === value;
  return isInitial(name, value) && !base.declared.has('all');
}

/** `holders`: of each kind of rule the declarations that have a name; `slots`: what is said of each pseudo-element. */
function put({ rules, holders, slots: touched }, rule, { name, value, slots }) {
  const { suffix, conditions, pseudo } = rule;
  rule.where ??= `${suffix} ${conditions.join()}`;
  const held = holders.get(rule.where) ?? holders.set(rule.where, new Map()).get(rule.where);
  held.get(name)?.delete(name);
  let last = rules.at(-1);
  if (last?.where !== rule.where) {
    last = { suffix, conditions, pseudo, where: rule.where, declarations: new Map(), slots: new Set() };
    rules.push(last);
  }
  last.declarations.set(name, value);
  held.set(name, last.declarations);
  const said = touched.get(pseudo) ?? touched.set(pseudo, new Set()).get(pseudo);
  for (const each of [last.slots, said]) for (const slot of slots) each.add(slot);
}

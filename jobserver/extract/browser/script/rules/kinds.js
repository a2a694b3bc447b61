// Which elements must have the same computed style: what one of them was asked need not be asked of the others.

// What only rules could ask about, and those are counted by themselves; of others the browser's own sheet asks if they are there.
const UNSTYLED = new RegExp(`^(?:${[
  'id|name|role|tabindex|for|scope|headers|colspan|rowspan|rel|target|hreflang|action|method|placeholder|required|pattern',
  'min|max|step|minlength|maxlength|autocomplete|aria-.*|data-.*|on.*',
].join('|')})$`);
const UNVALUED = /^(?:src|srcset|sizes|href|alt|title|value)$/;
// Functions whose value is another for each element.
const OF_ITS_OWN = /\b(?:attr|sibling-index|sibling-count|random|random-item)\(/;
// In the top layer or focused: the browser's own sheet says something about these.
const SPECIAL = ':focus,:modal,:popover-open,:fullscreen,bdi,[dir=auto i]';
const CONTROL_STATES = [':disabled', ':checked', ':indeterminate', ':read-only'];
const PLAIN_HTML = 'http://www.w3.org/1999/xhtml';

const kindsByKey = new Map();
const kindsByElement = new Map();
const flattenedKinds = new Map();
const numbers = new WeakMap();
const ownFunctions = new WeakMap();
const unshared = new WeakSet();
const kindState = { count: 0, shares: false, animated: new Set(), changed: new Set() };

/** Begins anew, for the page as it is now.
 *
 * `shares`: whether the rules that were read are all that styles it. `changed`: elements in which something has changed
 * since the rules were matched.
 */
function renewKinds(shares, changed = new Set()) {
  kindsByKey.clear();
  kindsByElement.clear();
  flattenedKinds.clear();
  kindState.shares = shares && readState.unknown === 0 && readState.count < MAX_RULES;
  kindState.changed = changed;
  const animations = [...ruleTrees.keys()].flatMap((root) => root.getAnimations());
  kindState.animated = new Set(animations.map(({ effect }) => effect?.target));
}

/** A number: elements of one kind have the same computed style, but for what depends on how they are laid out. */
function kindOf(element) {
  const line = [];
  for (let each = element; each !== null && !kindsByElement.has(each); each = renderedParent(each)) line.push(each);
  for (const each of line.reverse()) kindsByElement.set(each, kindBelow(each));
  return kindsByElement.get(element);
}

function kindBelow(element) {
  const { shares, changed } = kindState;
  const isChanged = changed.has(element) || changed.has(renderedParent(element));
  if (isChanged) changed.add(element);
  const key = shares && !isChanged ? styleKey(element) : null;
  kindState.count += 1;
  if (key === null) unshared.add(element);
  else unshared.delete(element);
  if (key === null) return kindState.count;
  return kindsByKey.get(key) ?? kindsByKey.set(key, kindState.count).get(key);
}

/** `flatten`, once for all of one kind where it does not matter in which component they are. */
function flattenAlike(element, places) {
  if (!isPlaceless(element, places)) return flatten(element, places);
  const kind = kindOf(element);
  return flattenedKinds.get(kind) ?? flattenedKinds.set(kind, flatten(element, places)).get(kind);
}

/** Whether no rule that reaches an element asks about a state of another one, or of what is in it. */
function isPlaceless(element, places) {
  return places.get(element) !== 0 && hitsOf(element).every(({ entry: { ready, shared } }) => {
    if (/::selection/i.test(ready.pseudo) || shared.scopes.length > 0) return false;
    ready.isPlaceless ??= ready.bare.compounds.every((compound, index, { length }) => compound.every((simple) => (
      !simple.varies || (index === length - 1 && simple.list === null && !simple.name.endsWith('-within')))));
    return ready.isPlaceless;
  });
}

/** All that makes an element's style: what it inherits from, what it is, and what reaches it; null where it is the only one. */
function styleKey(element) {
  if (kindState.animated.has(element) || fits(element, SPECIAL)) return null;
  const parts = [kindsByElement.get(renderedParent(element)) ?? 0, innateKey(element)];
  for (const hit of hitsOf(element)) {
    const part = hitKey(hit, element);
    if (part === null) return null;
    parts.push(part);
  }
  return parts.join('|');
}

/** What the browser's own sheet knows an element by. */
function innateKey(element) {
  const its = safe(element);
  const parts = [its.localName, attributesKey(its)];
  if (its instanceof HTMLElement && fits(element, CONTROL)) for (const state of CONTROL_STATES) parts.push(fits(element, state));
  return parts.join('|');
}

/** The same, of an element whose kind is known and that is styled by nothing but its rules besides; else null. */
function plainKey(element) {
  return unshared.has(element) ? null : innateKey(element);
}

/** Whether no rule is about a pseudo-element of an element, nor the browser's own sheet. */
function isWithout(element, pseudo) {
  const isAbout = ({ entry }) => prepared(entry)?.pseudo.startsWith(pseudo);
  return !unshared.has(element) && safe(element).localName !== 'q' && !hitsOf(element).some(isAbout);
}

function attributesKey({ attributes, namespaceURI }) {
  const isPlain = namespaceURI === PLAIN_HTML;
  let key = '';
  for (const { name, value } of attributes) {
    if (name === 'class' || (isPlain && UNSTYLED.test(name))) continue;
    key += isPlain && UNVALUED.test(name) ? `${name} ` : `${name}=${value} `;
  }
  return key;
}

/** Which rule it is, and whether it applies just now; null of one that is another thing for each element. */
function hitKey({ entry, kind, host }, element) {
  const { ready, shared } = entry;
  if (kind !== 'own' || host === element || ready.match === null || hasOwnFunctions(shared)) return null;
  if (kindState.changed.size > 0 && ready.match.includes(':has(')) return null;
  if (shared.conditions.some((condition) => condition.startsWith(CONTAINER))) return null;
  if (!numbers.has(entry)) numbers.set(entry, (kindState.count += 1));
  return ready.varies ? `${numbers.get(entry)}${fits(element, selectorText(ready.bare))}` : numbers.get(entry);
}

function hasOwnFunctions(shared) {
  if (!ownFunctions.has(shared)) ownFunctions.set(shared, OF_ITS_OWN.test(shared.rule.style.cssText));
  return ownFunctions.get(shared);
}

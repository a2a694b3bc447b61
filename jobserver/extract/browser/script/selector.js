// A CSS path that leads to exactly one element; `>>>` enters a shadow root.

function selectorOf(element) {
  const paths = [];
  for (let inner = element; inner; inner = hostOf(inner)) paths.unshift(pathOf(inner));
  return paths.join(' >>> ');
}

function hostOf(element) {
  const root = safe(element).getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

/** The path from the nearest unique id, or from the root of the element's own tree. */
function pathOf(element) {
  const steps = [];
  const scope = safe(safe(element).getRootNode());
  for (let current = element; current; current = safe(current).parentElement) {
    if (isUniqueId(current, scope)) {
      steps.unshift(`#${CSS.escape(safe(current).id)}`);
      break;
    }
    steps.unshift(step(current));
  }
  return steps.join(' > ');
}

function isUniqueId(element, scope) {
  const { id } = safe(element);
  return Boolean(id) && id.length <= 60 && scope.querySelectorAll(`#${CSS.escape(id)}`).length === 1;
}

function step(element) {
  const its = safe(element);
  const name = CSS.escape(its.localName);
  if (element === document.documentElement || element === document.body) return name;
  let place = 1;
  for (let other = its.previousElementSibling; other; other = safe(other).previousElementSibling) {
    if (safe(other).localName === its.localName) place += 1;
  }
  return `${name}:nth-of-type(${place})`;
}

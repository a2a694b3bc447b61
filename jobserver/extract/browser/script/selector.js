// A CSS path that leads to exactly one element; `>>>` enters a shadow root.

function selectorOf(element) {
  const steps = [];
  const scope = element.getRootNode();
  for (let current = element; current; current = current.parentElement) {
    if (isUniqueId(current, scope)) {
      steps.unshift(`#${CSS.escape(current.id)}`);
      break;
    }
    steps.unshift(step(current));
  }
  const path = steps.join(' > ');
  return scope instanceof ShadowRoot ? `${selectorOf(scope.host)} >>> ${path}` : path;
}

function isUniqueId(element, scope) {
  const { id } = element;
  return Boolean(id) && id.length <= 60 && scope.querySelectorAll(`#${CSS.escape(id)}`).length === 1;
}

function step(element) {
  const name = CSS.escape(element.localName);
  if (element === document.documentElement || element === document.body) return name;
  let place = 1;
  for (let other = element.previousElementSibling; other; other = other.previousElementSibling) {
    if (other.localName === element.localName) place += 1;
  }
  return `${name}:nth-of-type(${place})`;
}

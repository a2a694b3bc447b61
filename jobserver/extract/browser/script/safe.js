// Members of elements as their interfaces define them, whatever a page names its fields.

/** `safe(form).children` are the form's children even when one of its fields is named "children".
 *
 * Forms and framesets show what they hold under its name, before members of their own (Web IDL,
 * LegacyOverrideBuiltIns); their prototypes do not. The document does so for the page's own scripts alone. What this
 * returns is for reading members only: functions of the browser want the element itself.
 */
function safe(node) {
  const named = node instanceof HTMLFormElement || node instanceof HTMLFrameSetElement;
  return named ? new Proxy(node, { get: byInterface }) : node;
}

function byInterface(node, name) {
  const value = Reflect.get(Object.getPrototypeOf(node), name, node);
  return typeof value === 'function' ? value.bind(node) : value;
}

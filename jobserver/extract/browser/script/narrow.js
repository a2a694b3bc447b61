// The second look, on a narrow screen: what the page's own conditions do not bring about there is added under one of ours.

const LENGTH = '([\\d.]+)(px|r?em)';
const SIGN = '\\s*(<=?|>=?)\\s*';
const WIDTH = new RegExp(`\\(\\s*(?:(min|max)-width\\s*:\\s*${LENGTH}|width${SIGN}${LENGTH}|${LENGTH}${SIGN}width)`, 'g');
const WITHOUT_BREAKPOINT = 767.98;
const JUST_BELOW = 0.02;

/** `@media` for the fixes: the largest width below `wide`, and not below `narrow`, at which rules change.
 *
 * Rules of the components, or else any of the page: what is left to be fixed is often said of what they stand in.
 */
function narrowCondition(components, narrow, wide) {
  const within = (conditions) => [...new Set(conditions)].flatMap((each) => [...each.matchAll(WIDTH)].map(lastNarrowWidth))
    .filter((width) => width >= narrow && width < wide);
  const own = within(components.flatMap(conditionsOf));
  const widths = own.length > 0 ? own : within(mediaConditions());
  return `@media (max-width: ${widths.length > 0 ? Math.max(...widths) : WITHOUT_BREAKPOINT}px)`;
}

function conditionsOf(component) {
  return component.nodes.flatMap((node) => node.rules.flatMap((rule) => rule.conditions.filter((each) => /^@media/i.test(each))));
}

/** The last width in CSS pixels on the narrow side of a bound: `min-width: 768px` begins after 767.98px. */
function lastNarrowWidth([, bound, number, unit, sign, right, rightUnit, left, leftUnit, leftSign]) {
  const value = parseFloat(number ?? right ?? left) * ((unit ?? rightUnit ?? leftUnit) === 'px' ? 1 : 16);
  const isUpper = bound === 'max' || sign === '<=' || sign === '>' || leftSign === '>=' || leftSign === '<';
  return isUpper ? value : Math.round((value - JUST_BELOW) * 100) / 100;
}

/** JSON text: by look the rules of the nodes that changed, by their places, `lapses`, `warnings`. The page is narrow. */
async function readNarrow({ milliseconds }, state) {
  const mended = {};
  deadline = performance.now() + milliseconds;
  const components = state.components.filter((component) => state.elements.get(component.look)?.isConnected);
  const condition = narrowCondition(components, innerWidth, state.width);
  lookAgain(state.hasRules, state.changes?.end());
  const sandbox = state.sandbox ? await reopened(state.sandbox) : null;
  const gone = state.components.length - components.length;
  let missed = components.length;
  try {
    for (const batch of sandbox ? batchesOf(components) : []) {
      if (isLate() || !await comparePass(sandbox, batch)) break;
      for (const component of batch) {
        const changed = component.box ? settleConditioned(component, condition) : [];
        if (changed.length > 0) mended[component.look] = changed.map((node) => [node.place, plainRules(node)]);
      }
      missed -= batch.length;
    }
  } finally {
    sandbox?.close();
  }
  const lapses = sandbox?.isLate ? [NOT_COME] : [];
  if (missed > 0) lapses.push(`Components whose look on a phone could not be read: ${missed}.`);
  // Whoever comes again is shown the same.
  const warnings = gone > 0 ? [`Components that the page takes away on a phone: ${gone}.`] : [];
  return JSON.stringify({ rules: mended, lapses, warnings });
}

// The second look, on a narrow screen: what the page's own conditions do not bring about there is added under one of ours.

const WIDTH = /\(\s*(?:(min|max)-width\s*:\s*([\d.]+)(px|r?em)|width\s*(<=?|>=?)\s*([\d.]+)(px|r?em)|([\d.]+)(px|r?em)\s*(<=?|>=?)\s*width)/g;
const WITHOUT_BREAKPOINT = 767.98;
const JUST_BELOW = 0.02;

/** `@media` for the fixes: the largest width below `wide` at which the components' rules change, and not below `narrow`. */
function narrowCondition(components, narrow, wide) {
  const widths = new Set();
  for (const condition of new Set(components.flatMap(conditionsOf))) {
    for (const match of condition.matchAll(WIDTH)) widths.add(lastNarrowWidth(match));
  }
  const within = [...widths].filter((width) => width >= narrow && width < wide);
  return `@media (max-width: ${within.length > 0 ? Math.max(...within) : WITHOUT_BREAKPOINT}px)`;
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

/** JSON text: by look the rules of the nodes that changed, by their places, and how many looks were missed. It is narrow. */
async function readNarrow({ milliseconds }, state) {
  const mended = {};
  const deadline = performance.now() + milliseconds;
  const components = state.components.filter((component) => state.elements.get(component.look)?.isConnected);
  const condition = narrowCondition(components, innerWidth, state.width);
  lookAgain(state.hasRules, state.changes.end());
  const sandbox = await openSandbox();
  let missed = state.components.length;
  try {
    for (const batch of sandbox ? batchesOf(components) : []) {
      if (performance.now() > deadline || !await comparePass(sandbox, batch)) break;
      for (const component of batch) {
        const changed = component.box ? settleConditioned(component, condition) : [];
        if (changed.length > 0) mended[component.look] = changed.map((node) => [node.place, plainRules(node)]);
      }
      missed -= batch.length;
    }
  } finally {
    sandbox?.close();
  }
  return JSON.stringify({ rules: mended, missed });
}

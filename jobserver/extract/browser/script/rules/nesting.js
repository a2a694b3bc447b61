// Selectors of nested rules written out with their parents' in place of `&`.

/** A nested selector with its parents' in place of `&` (CSS Nesting 1); null where that is too much. */
function nested(selector, parents) {
  const relative = selector.lead !== '' || !names(selector, namesParent);
  const whole = relative ? selectorOfParts(
    [[simpleOf('nesting', '&', '&')], ...selector.compounds], [selector.lead || ' ', ...selector.combinators]) : selector;
  return whole && withParents(whole, parents);
}

function namesParent({ kind }) {
  return kind === 'nesting';
}

/** Whether any simple selector in a selector, however deep, is such a one. */
function names(selector, isSuch) {
  const inside = (simple) => isSuch(simple) || (simple.list ?? []).some((each) => names(each, isSuch));
  return selector.compounds.some((compound) => compound.some(inside));
}

function withParents(selector, parents) {
  const [first, ...others] = selector.compounds;
  const [parent] = parents;
  // One parent that comes first can be written out, which is what most sheets have and is quicker to match.
  if (parents.length === 1 && first[0].kind === 'nesting' && !(hasTag(first) && hasTag(parent.compounds.at(-1)))) {
    const joined = [...parent.compounds.at(-1), ...first.slice(1).map((simple) => withParent(simple, parents))];
    const rest = others.map((compound) => compound.map((simple) => withParent(simple, parents)));
    const combinators = [...parent.combinators, ...selector.combinators];
    return selectorOfParts([...parent.compounds.slice(0, -1), joined, ...rest], combinators, parent.lead);
  }
  const compounds = selector.compounds.map((compound) => compound.map((simple) => withParent(simple, parents)));
  return selectorOfParts(compounds, selector.combinators, selector.lead);
}

function hasTag(compound) {
  return compound.some((simple) => simple.kind === 'tag');
}

function withParent(simple, parents) {
  if (simple.kind === 'nesting') return anyOf(parents);
  if (!(simple.list ?? []).some((each) => names(each, namesParent))) return simple;
  const list = simple.list.map((each) => withParents(each, parents)).filter((each) => each !== null);
  const sign = simple.kind === 'element' ? '::' : ':';
  return simpleOf(simple.kind, simple.name, `${sign}${simple.name}(${list.map((each) => selectorText(each)).join(',')})`, list);
}

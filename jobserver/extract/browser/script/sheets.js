// The rules of every style sheet that applies, in the order of the page.

/** [rule, base address, root] of all rules but groups; `onUnread` is called for a sheet that is closed to us. */
function* everyRule(onUnread = () => {}) {
  for (const root of styleRoots()) {
    for (const sheet of [...safe(root).styleSheets, ...safe(root).adoptedStyleSheets]) {
      if (!sheet.disabled && matchMedia(sheet.media.mediaText).matches) yield* rulesOfSheet(sheet, document.baseURI, root, onUnread);
    }
  }
}

function* rulesOfSheet(sheet, base, root, onUnread) {
  let rules;
  try {
    rules = sheet.cssRules;
  } catch {
    onUnread(sheet);
    return;
  }
  yield* rulesOf(rules, sheet.href ?? base, root, onUnread);
}

function* rulesOf(rules, base, root, onUnread) {
  for (const rule of rules) {
    if (rule instanceof CSSImportRule) {
      if (rule.styleSheet) yield* rulesOfSheet(rule.styleSheet, base, root, onUnread);
    } else if (rule instanceof CSSGroupingRule && !(rule instanceof CSSStyleRule)) {
      if (applies(rule)) yield* rulesOf(rule.cssRules, base, root, onUnread);
    } else yield [rule, base, root];
  }
}

function applies(rule) {
  if (rule instanceof CSSMediaRule) return matchMedia(rule.conditionText).matches;
  if (rule instanceof CSSSupportsRule) return CSS.supports(rule.conditionText);
  return rule instanceof CSSLayerBlockRule;
}

function* styleRoots() {
  yield document;
  for (const element of everyElement(document, options.scanned)) {
    const { shadowRoot } = safe(element);
    if (shadowRoot) yield shadowRoot;
  }
}

// Which style sheets do not tell all when they are asked for their rules.

const MAX_SURVEYED = 60000;
// A longhand said by a shorthand with a variable that something after it took away: the browser writes nothing then.
const LOST = /(?:^|; )(?!--)[\w-]+: (?:;| !important;)/;

const survey = { closed: new Set(), lossy: new Set(), read: new Set() };
let left = MAX_SURVEYED;

function surveySheet(sheet) {
  let rules;
  try {
    rules = sheet.cssRules;
  } catch {
    survey.closed.add(sheet.href);
    return;
  }
  if (sheet.href) survey.read.add(sheet.href);
  surveyRules(rules, sheet.href);
}

function surveyRules(rules, href) {
  for (const rule of rules) {
    left -= 1;
    if (left < 0) return;
    if (rule.styleSheet) surveySheet(rule.styleSheet);
    if (href && !survey.lossy.has(href) && rule.style && LOST.test(rule.style.cssText)) survey.lossy.add(href);
    if (rule.cssRules) surveyRules(rule.cssRules, href);
  }
}

for (const sheet of document.styleSheets) surveySheet(sheet);
for (const element of document.querySelectorAll('*')) {
  const { shadowRoot } = safe(element);
  if (shadowRoot) for (const sheet of shadowRoot.styleSheets) surveySheet(sheet);
}
return { closed: [...survey.closed], lossy: [...survey.lossy], read: [...survey.read] };

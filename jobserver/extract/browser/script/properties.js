// Which computed properties count, and how each is read.

// Properties that are inherited, each with a value nobody uses: what an element shows under such a parent is its own.
const INHERITED = {
  'border-collapse': 'collapse', 'border-spacing': '7px 9px', 'caption-side': 'bottom', color: 'rgb(1, 2, 3)',
  'color-scheme': 'dark', cursor: 'crosshair', direction: 'ltr', 'empty-cells': 'hide', 'font-family': 'strange',
  'font-feature-settings': '"salt"', 'font-kerning': 'none', 'font-optical-sizing': 'none', 'font-size': '37px',
  'font-stretch': '75%', 'font-style': 'italic', 'font-variant-caps': 'small-caps', 'font-variant-ligatures': 'none',
  'font-variant-numeric': 'ordinal', 'font-variant-east-asian': 'ruby', 'font-variation-settings': '"wght" 350',
  'font-weight': '350', hyphens: 'none', 'image-rendering': 'pixelated', 'letter-spacing': '3px', 'line-break': 'strict',
  'line-height': '71px', 'list-style-image': 'none', 'list-style-position': 'inside', 'list-style-type': 'georgian',
  'overflow-wrap': 'anywhere', 'pointer-events': 'all', quotes: 'none', 'tab-size': '3', 'text-align': 'right',
  'text-align-last': 'left', 'text-indent': '11px', 'text-rendering': 'geometricPrecision',
  'text-shadow': 'rgb(1, 2, 3) 1px 1px 0px', 'text-transform': 'uppercase', 'text-underline-offset': '3px',
  'text-underline-position': 'under', 'text-decoration-skip-ink': 'none', 'text-wrap-mode': 'nowrap',
  'text-wrap-style': 'balance', visibility: 'visible', 'white-space-collapse': 'break-spaces', 'word-break': 'break-all',
  'word-spacing': '5px', 'writing-mode': 'horizontal-tb', 'accent-color': 'rgb(9, 9, 9)', 'caret-color': 'currentcolor',
  '-webkit-font-smoothing': 'antialiased', '-webkit-text-fill-color': 'currentcolor',
  '-webkit-text-stroke-width': '2px', '-webkit-text-stroke-color': 'currentcolor', '-webkit-text-security': 'disc',
  fill: 'rgb(4, 5, 6)', 'fill-opacity': '0.3', 'fill-rule': 'evenodd', 'clip-rule': 'evenodd', stroke: 'rgb(6, 5, 4)',
  'stroke-width': '3px', 'stroke-opacity': '0.3', 'stroke-linecap': 'round', 'stroke-linejoin': 'bevel',
  'stroke-dasharray': '5px', 'stroke-dashoffset': '5px', 'stroke-miterlimit': '9', 'text-anchor': 'end',
  'dominant-baseline': 'middle', 'paint-order': 'stroke', 'shape-rendering': 'crispedges',
};

// Named for svg; anywhere else they do nothing but be inherited.
const SVG_ONLY = /^(?:fill|stroke|stop|flood|marker)(?:-|$)|^(?:clip-rule|text-anchor|dominant-baseline|alignment-baseline|baseline-shift|paint-order|shape-rendering|lighting-color|vector-effect|mask-type|color-interpolation(?:-filters)?|d|cx|cy|r|rx|ry|x|y)$/;

// Aliases (logical sides, shorthands), what only printing, scrolling or a running script would notice, and what the
// browser reports about itself.
const SKIPPED = new RegExp([
  '^--', '(?:^|-)(?:block|inline)(?:-|$)', '^border-(?:start|end)-', '^corner-(?:start|end)-', '^text-decoration$', '^font-variant$',
  '^(?:anchor|animation-(?:range|timeline|trigger|composition)|app|buffered|caret-(?:animation|shape)|color-rendering|contain-intrinsic|container)(?:-|$)',
  '^content-visibility$', '^(?:dynamic-range|flex-line|font-(?:language|palette|synthesis|size-adjust)|forced|frame|hyphenate|inter|math)-',
  '^interactivity$', '^(?:object-view|offset|overflow-(?:anchor|clip)|overscroll|page|position-(?:anchor|area|try|visibility))(?:-|$)',
  '^(?:print|reading|row-rule|rule|ruby|scroll|speak|timeline|touch|transition|trigger|view|window|text-(?:autospace|size|spacing|combine|fit))(?:-|$)',
  '^column-rule-(?:break|inset|visibility)', '^(?:orphans|overlay|widows|user-select|will-change)$', '^break-',
  '^-webkit-(?:border|mask|line-break|locale|print|rtl|ruby|tap|text-(?:combine|decorations|orientation)|user|writing)',
].join('|'));

// Read as computed rather than used values: `auto`, percentages and calc() stay what they are.
const AS_COMPUTED = new Set(['width', 'height', 'min-width', 'min-height', 'max-width', 'max-height', 'margin-top',
  'margin-right', 'margin-bottom', 'margin-left', 'padding-top', 'padding-right', 'padding-bottom', 'padding-left', 'top',
  'right', 'bottom', 'left', 'flex-basis', 'grid-template-columns', 'grid-template-rows', 'line-height', 'column-gap', 'row-gap',
  'transform', 'text-indent']);

const FOLLOWS_COLOR = /^(?:border-.*|outline|text-decoration|text-emphasis|column-rule|caret|-webkit-text-(?:fill|stroke))-?color$/;

const { documentElement } = document; // null when the page threw it away: nothing is left to read then
const NAMES = (documentElement ? [...getComputedStyle(documentElement)] : [])
  .filter((name) => !SKIPPED.test(name)).concat('border-spacing');

/** An element's value of every name in NAMES, colours that follow the text's as `currentcolor`. */
function readStyle(element, pseudo = null) {
  const style = getComputedStyle(element, pseudo);
  const map = pseudo ? null : safe(element).computedStyleMap();
  const { color } = style;
  return NAMES.map((name) => {
    if (map && AS_COMPUTED.has(name)) {
      const value = map.get(name);
      if (value) return String(value);
    }
    const value = style.getPropertyValue(name);
    return value === color && FOLLOWS_COLOR.test(name) ? 'currentcolor' : value;
  });
}

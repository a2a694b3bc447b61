// What a browser gives every element by itself, measured in a blank page that nobody else has touched.

const SVG = 'http://www.w3.org/2000/svg';
const HTML_TAGS = `a abbr address article aside audio b bdi bdo blockquote br button caption center cite code col colgroup data dd
  del details dfn dialog div dl dt em fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hgroup hr i iframe
  img input ins kbd label legend li main map mark menu meter nav ol optgroup option output p picture pre progress q rp rt
  ruby s samp search section select small span strike strong sub summary sup table tbody td textarea tfoot th thead time
  tr tt u ul var video wbr`.split(/\s+/);
const SVG_TAGS = `svg g path rect circle ellipse line polyline polygon text tspan textPath use defs symbol marker pattern mask
  clipPath linearGradient radialGradient stop image foreignObject filter title desc`.split(/\s+/);
const CONTROLS = ['button', 'input', 'meter', 'progress', 'select', 'textarea'];
const INPUT_TYPES = `text password email search tel url number date time datetime-local month week color range checkbox
  radio file submit reset button image`.split(/\s+/);

const plain = document.body.appendChild(document.createElement('x-plain'));
const strange = document.body.appendChild(document.createElement('x-strange'));
for (const [name, value] of Object.entries(INHERITED)) strange.style.setProperty(name, value);

/** What differs from a nameless element: `own` values, and `fixed` ones of properties that others inherit. */
function measure(make) {
  const here = readStyle(place(plain, make()));
  const there = readStyle(place(strange, make()));
  const tinted = readStyle(place(plain, tint(make())));
  const own = {};
  const fixed = {};
  NAMES.forEach((name, index) => {
    if (Object.hasOwn(INHERITED, name)) {
      if (there[index] !== strangeValues[index]) fixed[name] = here[index];
    } else {
      // Only under a colour of its own can it be seen whether a border follows it or merely has the same.
      const value = FOLLOWS_COLOR.test(name) ? tinted[index] : here[index];
      if (value !== base[index]) own[name] = value;
    }
  });
  return { own, fixed };
}

function tint(element) {
  element.style.color = 'rgb(7, 8, 9)';
  return element;
}

/** A control has other defaults when it is disabled, and others again without its theme. */
function measureStates(name, make) {
  const disabled = () => Object.assign(make(), { disabled: true });
  tags[name] = measure(make);
  tags[`${name}:none`] = measure(() => unthemed(make()));
  tags[`${name}:disabled`] = measure(disabled);
  tags[`${name}:disabled:none`] = measure(() => unthemed(disabled()));
}

function unthemed(element) {
  element.style.appearance = 'none';
  return element;
}

function place(parent, element) {
  parent.replaceChildren(element.localName === 'summary' ? document.createElement('details') : element);
  if (element.localName === 'summary') parent.firstChild.append(element);
  return element;
}

const base = readStyle(place(plain, document.createElement('x-base')));
const strangeValues = readStyle(place(strange, document.createElement('x-base')));
const tags = {};
for (const tag of HTML_TAGS) tags[tag] = measure(() => document.createElement(tag));
for (const tag of SVG_TAGS) tags[`svg:${tag}`] = measure(() => document.createElementNS(SVG, tag));
for (const tag of CONTROLS) measureStates(tag, () => document.createElement(tag));
for (const type of INPUT_TYPES) {
  measureStates(`input:${type}`, () => Object.assign(document.createElement('input'), { type }));
}
tags['a:link'] = measure(() => Object.assign(document.createElement('a'), { href: '#' }));
return { base, tags };

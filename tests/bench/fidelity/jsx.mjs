// Reads an extraction as JSON from its input and tells whether its React and its css are good, as JSON.

import { parse as parseWithBabel } from '@babel/parser';
import { parse as parseCss } from 'css-tree';
import { transformSync } from 'esbuild';
import { parseFragment } from 'parse5';
import React from 'react';
import { renderToStaticMarkup } from 'react-dom/server';

const told = { parse: [], render: [], equal: [], react_file: false, css_file: false, problems: [] };
const extraction = JSON.parse(await new Response(process.stdin).text());
const loader = extraction.format === 'tsx' ? 'tsx' : 'jsx';
const plugins = loader === 'tsx' ? ['jsx', 'typescript'] : ['jsx'];

// React says in the console what it does not like: unknown attributes, wrong nesting.
const said = [];
console.error = (...words) => said.push(String(words[0]));

const problem = (name, what, error) => {
  const words = String(error?.message ?? error).split('\n').slice(0, 3).join(' ');
  told.problems.push(`${name} ${what}: ${words}`);
};

const attempt = (name, what, work) => {
  try {
    return [true, work()];
  } catch (error) {
    problem(name, what, error);
    return [false];
  }
};

const compile = (source) => transformSync(source, { loader, format: 'cjs', jsx: 'transform' }).code;

function load(code) {
  const module = { exports: {} };
  new Function('require', 'module', 'exports', 'React', code)(() => React, module, module.exports, React);
  return module.exports;
}

const parses = (source) => {
  compile(source);
  parseWithBabel(source, { sourceType: 'module', plugins });
};

const declarationOf = (text) => text.replace(/\s+/g, ' ').replace(/\s*:\s*/, ':').trim();
const styleOf = (text) => text.split(/;(?![^(]*\))/).map(declarationOf).filter(Boolean).sort().join(';');

/** A node as text: attributes in order, neighbouring texts as one. */
function plain(node) {
  if (node.nodeName === '#text') return node.value;
  if (node.nodeName === '#comment') return '';
  const written = ({ name, value }) => `${name}=${JSON.stringify(name === 'style' ? styleOf(value) : value)}`;
  const attributes = (node.attrs ?? []).map(written).sort();
  const inner = (node.content ?? node).childNodes.map(plain).join('');
  return `<${[node.nodeName, ...attributes].join(' ')}>${inner}</${node.nodeName}>`;
}

/** Without what React puts before it: hints to load pictures early. */
const withoutHints = (fragment) => {
  const isPreload = ({ name, value }) => name === 'rel' && value === 'preload';
  const isHint = (node) => node.nodeName === 'link' && node.attrs.some(isPreload);
  return { ...fragment, childNodes: fragment.childNodes.filter((node) => !isHint(node)) };
};

const difference = (one, other) => {
  let place = 0;
  while (one[place] === other[place]) place += 1;
  const from = Math.max(0, place - 30);
  return `…${one.slice(from, place + 50)}… | …${other.slice(from, place + 50)}…`;
};

for (const { reactSnippet, htmlSnippet, componentName } of extraction.components) {
  const [isParsed] = attempt(componentName, 'does not parse', () => parses(reactSnippet));
  const [isRendered, html] = isParsed ? attempt(componentName, 'does not render', () => {
    const exports = load(compile(/export/.test(reactSnippet) ? reactSnippet : `${reactSnippet}\nexport { ${componentName} };`));
    return renderToStaticMarkup(React.createElement(exports[componentName] ?? exports.default));
  }) : [false];
  let isEqual = false;
  if (isRendered) {
    const [wanted, got] = [htmlSnippet, html].map((text) => plain(withoutHints(parseFragment(text))));
    isEqual = wanted === got;
    if (!isEqual) problem(componentName, 'renders otherwise', difference(wanted, got));
  }
  told.parse.push(isParsed);
  told.render.push(isRendered);
  told.equal.push(isEqual);
}

[told.react_file] = attempt('reactFile', 'does not compile', () => {
  parses(extraction.reactFile);
  renderToStaticMarkup(React.createElement(load(compile(extraction.reactFile)).default));
});

[told.css_file] = attempt('cssFile', 'does not parse', () => {
  const { warnings } = transformSync(extraction.cssFile, { loader: 'css', logLevel: 'silent' });
  const words = warnings.map(({ text, location }) => `${text} ${location?.lineText ?? ''}`).join('; ');
  if (words) throw new Error(words.slice(0, 300));
  parseCss(extraction.cssFile, { onParseError: (error) => { throw error; }, parseValue: false });
});

for (const words of new Set(said)) told.problems.push(`React: ${words.slice(0, 160)}`);
process.stdout.write(JSON.stringify(told));

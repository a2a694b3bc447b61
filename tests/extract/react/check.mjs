// Reads components as React and as HTML, and says where the two are not one document.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parse } from '@babel/parser';
import { transformSync } from 'esbuild';
import { parseFragment } from 'parse5';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';

const PRELOADS = /^(?:<link rel="preload" as="image"[^>]*>)+/; // React 19 puts them before what it renders
const PLUGINS = { jsx: ['jsx'], tsx: ['jsx', 'typescript'] };

const { file, format, components } = JSON.parse(readFileSync(0, 'utf8'));
const problems = [];
const said = [];

/** A tree that is equal where the documents are: attributes in order of their names. */
function shape(node) {
  if (node.nodeName === '#text') return node.value;
  const attrs = node.attrs?.map(({ name, value }) => `${name}=${value}`).sort() ?? [];
  return [node.nodeName, node.namespaceURI, attrs, node.childNodes?.map(shape) ?? []];
}

function attempt(name, what, act) {
  try {
    return act();
  } catch (error) {
    problems.push(`${name} ${what}: ${error.message}`);
    return null;
  }
}

function exported() {
  const { code } = transformSync(file, { loader: format, format: 'cjs', jsx: 'transform' });
  const module = { exports: {} };
  new Function('require', 'module', 'exports', code)(createRequire(import.meta.url), module, module.exports);
  return module.exports;
}

function compare({ name, html, source }, made) {
  attempt(name, 'does not parse alone', () => parse(source, { sourceType: 'module', plugins: PLUGINS[format] }));
  const rendered = attempt(name, 'does not render', () => renderToStaticMarkup(createElement(made[name])));
  if (rendered === null) return;
  const [one, other] = [html, rendered.replace(PRELOADS, '')].map((text) => JSON.stringify(shape(parseFragment(text))));
  if (one !== other) problems.push(`${name} is another document:\n  ${html}\n  ${rendered}`);
}

console.error = (...words) => said.push(words.join(' '));
attempt('the file', 'does not parse', () => parse(file, { sourceType: 'module', plugins: PLUGINS[format] }));
const made = attempt('the file', 'does not compile', exported);
if (made) components.forEach((component) => compare(component, made));
if (made) attempt('the file', 'does not render', () => renderToStaticMarkup(createElement(made.default)));
process.stdout.write(JSON.stringify({ problems, said }));

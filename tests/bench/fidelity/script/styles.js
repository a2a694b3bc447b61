// The computed styles of an element's whole tree, to say what a component that failed has otherwise.

globalThis.styles = (() => {
  const PSEUDO = ['', '::before', '::after'];
  const MOST = 150;
  const names = [...getComputedStyle(document.documentElement)].filter((name) => !name.startsWith('--'));

  function read(element) {
    return PSEUDO.map((pseudo) => {
      const style = getComputedStyle(element, pseudo || null);
      if (pseudo && /^(?:none|normal)$/.test(style.content)) return null;
      return names.map((name) => style.getPropertyValue(name));
    });
  }

  /** [tag, own text, values of the element, of ::before, of ::after] of each element, in order. */
  const tree = (root) => fidelity.within(root).slice(0, MOST).map((element) => [
    element.localName,
    [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join(' ').trim(),
    ...read(element),
  ]);

  return { names: () => names, tree };
})();

// Copies sources and values, searches and filters; without it the page shows all there is.
'use strict';
(() => {
  const status = document.querySelector('[role=status]');
  const find = document.querySelector('#find');
  const kind = document.querySelector('#kind');
  const nothing = document.querySelector('#no-match');
  const kinds = [...document.querySelectorAll('.kind')];
  const words = new Map();

  const copied = (text) => {
    const carrier = document.createElement('textarea');
    carrier.className = 'unseen';
    carrier.value = text;
    document.body.append(carrier);
    carrier.select();
    // The clipboard API is missing on plain HTTP, where this server often is.
    const done = document.execCommand('copy');
    carrier.remove();
    return done;
  };

  const onCopy = (button, text) => button.addEventListener('click', () => {
    const done = copied(text());
    button.focus();
    button.classList.toggle('done', done);
    status.textContent = done ? 'Copied' : 'This browser does not let pages copy';
    setTimeout(() => {
      button.classList.remove('done');
      status.textContent = '';
    }, 1400);
  });

  for (const button of document.querySelectorAll('.copy')) {
    const source = button.previousElementSibling.querySelector('pre');
    button.hidden = false;
    onCopy(button, () => source.textContent);
  }
  for (const button of document.querySelectorAll('.token')) {
    button.disabled = false;
    onCopy(button, () => button.title);
  }
  if (!find) return;

  const wordsOf = (card) => {
    if (!words.has(card)) {
      const said = [...card.querySelectorAll('h3, .texts, .about dd:not(:has(code))')].map((part) => part.textContent);
      const heading = card.closest('.kind').querySelector('h2').textContent;
      words.set(card, `${card.dataset.kind} ${heading} ${said.join(' ')}`.toLowerCase());
    }
    return words.get(card);
  };

  const filter = () => {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const section of kinds) {
      const before = left;
      for (const card of section.querySelectorAll('.card')) {
        card.hidden = Boolean(kind.value && card.dataset.kind !== kind.value)
          || !wanted.every((word) => wordsOf(card).includes(word));
        left += card.hidden ? 0 : 1;
      }
      section.hidden = left === before;
    }
    const all = !wanted.length && !kind.value;
    document.body.classList.toggle('filtered', !all);
    nothing.hidden = left > 0;
    status.textContent = all ? '' : `${left} found`;
  };

  const show = () => {
    find.value = '';
    kind.value = '';
    filter();
  };

  find.closest('.find').hidden = false;
  find.addEventListener('input', filter);
  kind.addEventListener('input', filter);
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest?.('input, select, textarea');
    if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !typing) {
      event.preventDefault();
      find.focus();
    } else if (event.key === 'Escape' && event.target === find) {
      show();
    }
  });
  // A link leads to what it names, also where the search had hidden it.
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const target = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (target?.closest('[hidden], .filtered .design')) show();
  });
  filter();
})();

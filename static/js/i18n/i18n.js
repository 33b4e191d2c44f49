/** The page's language: Spanish or English, whichever the browser prefers first. */

import { en } from './en.js';
import { es } from './es.js';

const known = { en, es };

/** The first of the browser's languages that there are words for; English where there is none. */
export function choose(languages) {
  for (const tag of languages) {
    const base = tag.toLowerCase().split('-')[0];
    if (base in known) return base;
  }
  return 'en';
}

const preferred = globalThis.navigator?.languages ?? ['en'];
const chosen = choose(preferred);

/** A BCP 47 tag for Intl: the browser's own regional form of the chosen language. */
export const language =
  preferred.find((tag) => tag.toLowerCase().split('-')[0] === chosen) ?? chosen;

/** The words for `key`, with `{name}` filled from `values`. */
export function t(key, values = {}) {
  const words = known[chosen][key] ?? en[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

const ATTRIBUTES = {
  i18nPlaceholder: 'placeholder',
  i18nLabel: 'aria-label',
  i18nTitle: 'title',
  i18nAlt: 'alt',
};

/** Put words into every element under `root` that names a key in `data-i18n` or `data-i18n-*`. */
export function translate(root) {
  for (const node of root.querySelectorAll('[data-i18n]')) node.textContent = t(node.dataset.i18n);
  for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
    const selector = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const node of root.querySelectorAll(`[data-${selector}]`)) {
      node.setAttribute(attribute, t(node.dataset[name]));
    }
  }
  for (const template of root.querySelectorAll('template')) translate(template.content);
}

/** Translate the whole document and say its language. */
export function translatePage() {
  document.documentElement.lang = chosen;
  translate(document);
  const title = document.documentElement.dataset.title;
  if (title) document.title = `${t(title)} · Pulso`;
}

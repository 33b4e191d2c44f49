/** The page's language: Spanish or English, whichever the browser prefers first. */

import { en } from './en.js';
import { es } from './es.js';

const known = { en, es };

/** @typedef {keyof typeof known} Language */
/** @typedef {keyof typeof en} Key */

/**
 * The first of the browser's languages that there are words for; English where there is none.
 *
 * @param {readonly string[]} languages
 * @returns {Language}
 */
export function choose(languages) {
  for (const tag of languages) {
    const base = tag.toLowerCase().split('-')[0];
    if (base in known) return /** @type {Language} */ (base);
  }
  return 'en';
}

const preferred = globalThis.navigator?.languages ?? ['en'];
const chosen = choose(preferred);

/** A BCP 47 tag for Intl: the browser's own regional form of the chosen language. */
export const language =
  preferred.find((tag) => tag.toLowerCase().split('-')[0] === chosen) ?? chosen;

/**
 * The words for `key`, with `{name}` filled from `values`.
 *
 * @param {Key} key
 * @param {Record<string, unknown>} values
 */
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

/**
 * Put words into every element under `root` that names a key in `data-i18n` or `data-i18n-*`.
 *
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const node of marked(root, 'data-i18n')) {
    node.textContent = t(/** @type {Key} */ (node.dataset.i18n));
  }
  for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
    const selector = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const node of marked(root, `data-${selector}`)) {
      node.setAttribute(attribute, t(/** @type {Key} */ (node.dataset[name])));
    }
  }
  for (const template of root.querySelectorAll('template')) translate(template.content);
}

/** @param {ParentNode} root @param {string} attribute @returns {NodeListOf<HTMLElement>} */
const marked = (root, attribute) => root.querySelectorAll(`[${attribute}]`);

/** Translate the whole document and say its language. */
export function translatePage() {
  document.documentElement.lang = chosen;
  translate(document);
  const title = document.documentElement.dataset.title;
  if (title) document.title = `${t(/** @type {Key} */ (title))} · Pulso`;
}

/** Which theme and density this browser shows; static/js/look.js puts them on each page. */

const KEY = 'pulso look';

/** @typedef {'theme' | 'density'} LookName */

/** @param {LookName} name */
export const look = (name) => document.documentElement.dataset[name] ?? '';

/** @param {LookName} name @param {string} value */
export function setLook(name, value) {
  const chosen = { theme: look('theme'), density: look('density'), [name]: value };
  localStorage.setItem(KEY, JSON.stringify(chosen));
  // The browser notifies other tabs, this one is not.
  dispatchEvent(new StorageEvent('storage', { key: KEY }));
}

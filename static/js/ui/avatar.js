/** A person's letters on a colour of their own, the same wherever they are shown. */

import { setText } from './dom.js';

// Neighbours on the wheel look alike: steps of 30 degrees differ.
const HUES = 12;

/** The angle of a person's colour. @param {string} who what never changes: a number, an id */
export function hueOf(who) {
  let sum = 7;
  for (let at = 0; at < who.length; at++) sum = (sum * 31 + who.charCodeAt(at)) >>> 0;
  return (sum % HUES) * (360 / HUES);
}

/** Up to two letters: of the first and the last word, or of a number its last two digits. @param {string} name */
export function initials(name) {
  const number = /^\+?[\d\s]+$/.test(name);
  if (number) return name.replace(/\D/g, '').slice(-2);
  const words = name.split(/[\s._@-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  if (!words.length) return [...name][0] ?? '';
  const letters = words.map((word) => [...word.replace(/^[^\p{L}\p{N}]+/u, '')][0]);
  return letters.length > 1 ? `${letters[0]}${letters.at(-1)}` : letters[0];
}

/** @param {HTMLElement} node @param {string} who @param {string} name */
export function fillAvatar(node, who, name) {
  node.style.setProperty('--hue', String(hueOf(who)));
  setText(node, initials(name));
}

/** The part of a text to show on one line. */

const LINE = 160;
const BEFORE = 20;

/** Case and accents don't matter, as in the server's search. @param {string} text */
export const folded = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/**
 * The beginning of a text, or what surrounds the place where `wanted` stands in it.
 *
 * @param {string} text
 * @param {string} [wanted]
 */
export function excerpt(text, wanted = '') {
  const letters = [...text.slice(0, 65_536)];
  const at = wanted ? placeOf(letters, wanted) : 0;
  if (at <= BEFORE) return letters.slice(0, LINE).join('');
  return `…${letters.slice(at - BEFORE, at - BEFORE + LINE).join('')}`;
}

/** @param {string[]} letters @param {string} wanted */
function placeOf(letters, wanted) {
  let whole = '';
  /** @type {number[]} */
  const origin = [];
  letters.forEach((letter, index) => {
    const plain = folded(letter);
    for (let i = 0; i < plain.length; i++) origin.push(index);
    whole += plain;
  });
  const found = whole.indexOf([...wanted].map(folded).join(''));
  return found < 0 ? 0 : origin[found];
}

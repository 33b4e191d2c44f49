/**
 * A message's text as WhatsApp shows it: *bold*, _italic_, ~struck~, `code`, links. It becomes nodes,
 * never HTML: what somebody has written can't be more than text.
 */

import { el, setText } from '../ui/dom.js';

/**
 * @typedef {'strong' | 'em' | 's'} Style
 * @typedef {{ kind: 'text' | 'code', text: string } | { kind: 'link', text: string, href: string }
 *   | { kind: Style, children: Token[] }} Token
 */

/**
 * What stands between two of a mark, on one line, without a space inside of either, and not within
 * a word: `2*3*4` is no bold. Each looks no further than the next mark of its kind.
 *
 * @param {string} mark
 */
const between = (mark) =>
  `(?<![\\p{L}\\p{N}${mark}])[${mark}](?=[^\\s${mark}])([^${mark}\\n]*[^\\s${mark}])[${mark}](?![\\p{L}\\p{N}${mark}])`;

const MARKS = new RegExp(
  [
    '```([^`]+)```',
    '`([^`\\n]+)`',
    '((?<![\\p{L}\\p{N}])(?:https?:\\/\\/|www\\.)[^\\s<>"]+)',
    between('*'),
    between('_'),
    between('~'),
  ].join('|'),
  'giu',
);
// A sentence goes on after a link.
const AFTER_LINK = /[.,;:!?'"»”’*_~]+$/;

/** @param {string} text @returns {Token[]} */
export function parse(text) {
  /** @type {Token[]} */
  const tokens = [];
  let end = 0;
  for (const found of text.matchAll(MARKS)) {
    const [whole, block, code, link, strong, em, s] = found;
    if (found.index < end) continue;
    const token =
      (block ?? code) ? codeOf(block ?? code) : link ? linkOf(link) : styled(strong, em, s);
    if (!token) continue;
    if (found.index > end) tokens.push({ kind: 'text', text: text.slice(end, found.index) });
    tokens.push(token);
    end = found.index + (token.kind === 'link' ? token.text.length : whole.length);
  }
  if (end < text.length) tokens.push({ kind: 'text', text: text.slice(end) });
  return tokens;
}

/** @param {string} text @returns {Token} */
const codeOf = (text) => ({ kind: 'code', text: text.replace(/^\n|\n$/g, '') });

/** @param {string} strong @param {string} em @param {string} s @returns {Token} */
function styled(strong, em, s) {
  const kind = strong !== undefined ? 'strong' : em !== undefined ? 'em' : 's';
  return { kind, children: parse(strong ?? em ?? s) };
}

/** @param {string} found @returns {Token | null} */
function linkOf(found) {
  let text = found.replace(AFTER_LINK, '');
  if (text.endsWith(')') && !text.includes('(')) text = text.slice(0, -1).replace(AFTER_LINK, '');
  try {
    const { href, hostname } = new URL(/^www\./i.test(text) ? `https://${text}` : text);
    return hostname.includes('.') || hostname === 'localhost' ? { kind: 'link', text, href } : null;
  } catch {
    return null;
  }
}

/** A text without its marks, for a line of a list. @param {string} text */
export const plainText = (text) => parse(text).map(wordsOf).join('');

/** @param {Token} token @returns {string} */
const wordsOf = (token) =>
  'children' in token ? token.children.map(wordsOf).join('') : token.text;

/** @param {Token} token @returns {Node | string} */
function nodeOf(token) {
  switch (token.kind) {
    case 'text':
      return token.text;
    case 'code':
      return el('code', { textContent: token.text });
    case 'link':
      return el('a', {
        href: token.href,
        target: '_blank',
        // Where it leads learns nothing of this page, and gets no hold of its window.
        rel: 'noopener noreferrer',
        textContent: token.text,
      });
    default:
      return el(token.kind, {}, ...token.children.map(nodeOf));
  }
}

/** @type {WeakMap<HTMLElement, string>} */
const shown = new WeakMap();

/** Show a text in this element, unless it is there already. @param {HTMLElement} node @param {string} text */
export function setRichText(node, text) {
  if (shown.get(node) === text) return;
  shown.set(node, text);
  node.replaceChildren(...parse(text).map(nodeOf));
}

/** Show words of ours, in which a mark is none. @param {HTMLElement} node @param {string} text */
export function setPlainText(node, text) {
  shown.delete(node);
  setText(node, text);
}

const EMOJI =
  '(?:\\p{Regional_Indicator}{2}|\\p{Extended_Pictographic}(?:[\\uFE0F\\p{Emoji_Modifier}]|\\u200D\\p{Extended_Pictographic})*)';
const LONE = new RegExp(`^(?:${EMOJI}\\s?){1,3}$`, 'u');

/** Whether a text is nothing but one to three emoji. @param {string} text */
export const isLoneEmoji = (text) => text.length < 60 && LONE.test(text);

/** One message in the log: who wrote it, what it is, what became of it, how far it came. */

import { t } from '../i18n/i18n.js';
import { translateServerText } from '../i18n/server-words.js';
import { clone, el, part, setText } from '../ui/dom.js';
import { moment, time } from '../ui/format.js';
import { icon } from '../ui/icon.js';
import { excerpt } from './excerpt.js';
import { kindOf, mediaOf, nameOfKind } from './message-media.js';
import { isLoneEmoji, setPlainText, setRichText } from './rich-text.js';
import { fillTicks } from './ticks.js';

/** @import { Key } from '../i18n/i18n.js' */
/** @import { Message, Quoted } from '../types.js' */
/** @typedef {'operator' | 'customer'} Side whose screen it is */

/** @param {Message} message @param {Side} side */
export function makeMessage(message, side) {
  const node = clone('message');
  const media = message.deleted ? null : mediaOf(message);
  if (media) {
    media.dataset.part = 'media';
    part(node, 'text').before(media);
  }
  if (message.quoted) part(node, 'label').before(quoteOf(message.quoted));
  if (side === 'operator') node.append(answerButton());
  return node;
}

/** What is answered, and a way to it. @param {Quoted} quoted */
export function quoteOf(quoted) {
  const { content, fromMe, type } = quoted;
  const words = content || (type && type !== 'text' ? kindOf(type) : '…');
  const quote = el('button', {
    type: 'button',
    className: 'quote',
    'data-act': 'quoted',
    dir: 'auto',
  });
  if (typeof fromMe === 'boolean') {
    quote.append(el('strong', { textContent: t(fromMe ? 'quote.ours' : 'quote.theirs') }));
  }
  quote.append(excerpt(words));
  return quote;
}

function answerButton() {
  const label = t('quote.answer');
  const button = el(
    'button',
    { type: 'button', className: 'answer', 'data-act': 'answer' },
    icon('reply'),
  );
  button.title = label;
  button.setAttribute('aria-label', label);
  return button;
}

/** @param {HTMLElement} node @param {{ message: Message, leads: boolean }} row @param {Side} side */
export function fillMessage(node, { message, leads }, side) {
  const own = side === 'operator' ? message.fromMe : !message.fromMe;
  node.classList.toggle('mine', own);
  node.classList.toggle('leads', leads);
  node.dataset.id = message.id;
  if (message.origin) node.dataset.origin = message.origin;
  const from = part(node, 'origin');
  from.hidden = !message.origin || !leads;
  setText(from, authorOf(message));
  if (message.deleted) node.querySelector('[data-part=media]')?.remove();
  fillText(node, message);
  fillReactions(node, message);
  const when = part(node, 'time', HTMLTimeElement);
  when.dateTime = message.timestamp ?? '';
  when.title = moment(message.timestamp);
  setText(when, time(message.timestamp));
  part(node, 'edited').hidden = !message.edited || Boolean(message.deleted);
  fillDelivery(node, message, side);
}

/** @param {Message} message */
function authorOf({ origin, author }) {
  if (!origin) return '';
  return (origin === 'operator' && author?.name) || t(`chat.from.${origin}`);
}

const REASONS = new Set(['too-large', 'damaged', 'gone']);

/** What stands above the text: what it was that can't be shown, why its file is not there. @param {Message} message */
function labelOf(message) {
  const { content, type, media } = message;
  const missing = media?.missing;
  if (missing) {
    const reason = REASONS.has(missing) ? missing : 'gone';
    return `${kindOf(type)}: ${t(/** @type {Key} */ (`chat.missing.${reason}`))}`;
  }
  return type === 'unsupported' && content ? nameOfKind(message) : '';
}

/** @param {HTMLElement} node @param {Message} message */
function fillText(node, message) {
  const { content, deleted, media } = message;
  const label = part(node, 'label');
  const words = deleted ? '' : labelOf(message);
  label.hidden = !words;
  setText(label, words);
  const text = part(node, 'text');
  const bare = Boolean(deleted) || !content;
  // The label says it.
  text.hidden = !content && !deleted && Boolean(media?.missing);
  text.classList.toggle('kind', bare);
  text.classList.toggle('lone', !bare && isLoneEmoji(content));
  if (bare) setPlainText(text, deleted ? t('chat.deleted') : nameOfKind(message));
  else setRichText(text, content);
}

/** @param {HTMLElement} node @param {Message} message */
function fillReactions(node, { reactions }) {
  const shown = part(node, 'reactions');
  const emoji = (reactions ?? []).map(({ text }) => text).filter(Boolean);
  shown.hidden = !emoji.length;
  setText(part(node, 'emoji'), emoji.join(' '));
}

/** @param {HTMLElement} node @param {Message} message @param {Side} side */
function fillDelivery(node, message, side) {
  const { failed } = message;
  const lost = failed !== null && failed !== undefined;
  node.classList.toggle('failed', lost);
  const why = part(node, 'why');
  why.hidden = !lost;
  const reason = failed && t('chat.failedWhy', { reason: translateServerText(failed) });
  setText(why, lost ? reason || t('chat.failed') : '');
  offerRetry(node, lost && side === 'operator');
  fillTicks(part(node, 'ack'), side === 'operator' ? message : null);
}

/** What did not go out can be sent once more. @param {HTMLElement} node @param {boolean} offered */
function offerRetry(node, offered) {
  const there = node.querySelector('[data-act=retry]');
  if (!offered) there?.remove();
  else if (!there) {
    const words = t('common.again');
    const button = el('button', { type: 'button', 'data-act': 'retry', className: 'retry' }, words);
    part(node, 'why').after(button);
  }
}

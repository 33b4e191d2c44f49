/**
 * The rows of a log: messages, the first of each group marked, under the days they were written on,
 * and the line of the new ones. No DOM.
 */

/** @import { Message } from '../types.js' */
/** @typedef {{ key: string } & ({ day: string, today: string } | { line: true } | { message: Message, leads: boolean })} Row */

// Bubbles of one author that follow each other closer than this are a group under one name.
const GROUP_MS = 5 * 60_000;

/** Who a message is from, as far as a group goes. @param {Message} message */
const authorKey = ({ fromMe, origin, author }) =>
  fromMe ? `${origin ?? ''} ${author?.id ?? author?.name ?? ''}` : '';

/** Whether a message begins a group of its own. @param {Message} message @param {Message | null} before */
function leadsGroup(message, before) {
  if (!before || before.fromMe !== message.fromMe) return true;
  if (authorKey(before) !== authorKey(message)) return true;
  const [one, other] = [before, message].map(({ timestamp }) => Date.parse(timestamp ?? ''));
  return other - one > GROUP_MS;
}

/**
 * Messages with a separator before the first of each day, the first of each group marked.
 *
 * @param {Message[]} messages
 * @param {string | null} [newFrom] the message that the line of the new ones stands above
 */
export function withDays(messages, newFrom = null) {
  /** @type {Row[]} */
  const rows = [];
  const today = new Date().toDateString();
  /** @type {string | null} */
  let last = null;
  /** @type {Message | null} */
  let before = null;
  for (const message of messages) {
    /** @type {string | null} */
    const date = message.timestamp ? new Date(message.timestamp).toDateString() : last;
    if (date && date !== last) {
      rows.push({ key: `day ${date}`, day: message.timestamp ?? '', today });
      before = null;
    }
    last = date;
    if (message.id === newFrom) {
      rows.push({ key: 'line', line: true });
      before = null;
    }
    const leads = leadsGroup(message, before);
    rows.push({ key: `message ${message.key ?? message.id}`, message, leads });
    before = message;
  }
  return rows;
}

/**
 * Which events are worth an alert. No DOM, no network.
 *
 * Law: a chat alerts when its customer begins to wait for a person, and at each thing the customer
 * writes while waiting. What the bot answers, and a colleague's chat, alert nobody.
 */

/** @import { Session } from '../types.js' */
/** @typedef {{ id: string, key: string, name: string, words: string }} Alert
 *   `id`: the chat; `key`: the same in every tab for the same thing, and for no other */

/**
 * Whether a person has to look, and it may be this one.
 *
 * @param {Session} session
 * @param {string | null | undefined} me the operator's id
 */
function isForMe({ mode, assignee, state }, me) {
  if (mode !== 'human' || (state && state !== 'open')) return false;
  return !assignee?.id || assignee.id === me;
}

/** What the customer's last words were, where they are the last. @param {Session} session */
const lastWords = ({ lastMessage }) =>
  lastMessage && !lastMessage.fromMe && !lastMessage.deleted ? lastMessage.content : '';

export class NeedsPerson {
  #me;
  #since;
  /** Chat → since when it waits, as it was announced. @type {Map<string, string>} */
  #announced = new Map();

  /**
   * @param {string | null | undefined} me
   * @param {string} since what already waited then is no news
   */
  constructor(me, since) {
    this.#me = me;
    this.#since = since;
  }

  /** A chat changed. @param {Session} session @returns {Alert | null} */
  updated(session) {
    const { id, waitingSince } = session;
    if (!waitingSince) {
      this.#announced.delete(id);
      return null;
    }
    if (!isForMe(session, this.#me) || waitingSince < this.#since) return null;
    if (this.#announced.get(id) === waitingSince) return null;
    this.#announced.set(id, waitingSince);
    return alert(session, waitingSince, lastWords(session));
  }

  /**
   * A customer wrote; where that is what they wait since, the chat's change announces it.
   *
   * @param {Session} session the chat as it is known
   * @param {{ id: string, content: string, timestamp?: string | null }} message
   * @returns {Alert | null}
   */
  received(session, { id, content, timestamp }) {
    const { waitingSince } = session;
    if (!waitingSince || !isForMe(session, this.#me)) return null;
    if (timestamp && timestamp <= waitingSince) return null;
    return alert(session, id, content);
  }
}

/** @param {Session} session @param {string} what @param {string} words @returns {Alert} */
const alert = (session, what, words) => ({
  id: session.id,
  key: `${session.id} ${what}`,
  name: session.name || session.contact || '',
  words,
});

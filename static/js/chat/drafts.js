/**
 * What a person has written for each chat and the server has not taken, and why it was refused.
 *
 * Law: a person's words are never lost: not by a switch of chats, a reload, a sign-out, a refusal,
 * a dead server. They stay in this browser, for each operator, until the server has them.
 */

/** @typedef {{ text: string, problem: string, sending: string[] }} Draft */
/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} Store */

/** @param {(string | undefined)[]} texts */
const joined = (...texts) => texts.filter(Boolean).join('\n');

export class Drafts {
  #prefix;
  #store;
  /** @type {Map<string, Draft>} */
  #drafts = new Map();

  /** @param {string} owner whose words they are: pages and operators @param {Store} store */
  constructor(owner, store = localStorage) {
    this.#prefix = `pulso draft ${owner} `;
    this.#store = store;
  }

  /** What stands in a chat's composer, and its problem. @param {string} chat */
  get(chat) {
    const { text, problem } = this.#draft(chat);
    return { text, problem };
  }

  /** The person has written this. @param {string} chat @param {string} text */
  keep(chat, text) {
    const draft = this.#draft(chat);
    draft.text = text;
    // A problem is about a text; where there is none it says nothing.
    if (!text.trim()) draft.problem = '';
    this.#save(chat, draft);
  }

  /**
   * The text is on its way: it leaves the composer, and is kept until `taken` or `refused`.
   *
   * @param {string} chat
   * @param {string} text
   */
  send(chat, text) {
    const draft = this.#draft(chat);
    Object.assign(draft, { text: '', problem: '', sending: [...draft.sending, text] });
    this.#save(chat, draft);
  }

  /** The server has it. @param {string} chat @param {string} text */
  taken(chat, text) {
    const draft = this.#draft(chat);
    const at = draft.sending.indexOf(text);
    if (at >= 0) draft.sending = draft.sending.toSpliced(at, 1);
    this.#save(chat, draft);
  }

  /**
   * Back into the composer, with all that waited behind it and before what was written since.
   *
   * @param {string} chat
   * @param {string} text
   * @param {string} problem
   */
  refused(chat, text, problem) {
    const draft = this.#draft(chat);
    const at = draft.sending.indexOf(text);
    if (at >= 0) draft.text = joined(...draft.sending.splice(at), draft.text);
    draft.problem = problem;
    this.#save(chat, draft);
  }

  /** Something else is wrong with this chat. @param {string} chat @param {string} problem */
  setProblem(chat, problem) {
    const draft = this.#draft(chat);
    draft.problem = problem;
    this.#save(chat, draft);
  }

  /** What was wrong with these chats is over. @param {Iterable<string>} chats */
  clearProblems(chats) {
    for (const chat of chats) if (this.get(chat).problem) this.setProblem(chat, '');
  }

  /**
   * Another tab has written: what stands in the store counts, but for what is under way here.
   *
   * @param {string | null} key of a storage event
   * @returns {string | null} the chat
   */
  changedElsewhere(key) {
    if (!key?.startsWith(this.#prefix)) return null;
    const chat = key.slice(this.#prefix.length);
    if (this.#drafts.get(chat)?.sending.length) return null;
    this.#drafts.delete(chat);
    return chat;
  }

  /** @param {string} chat @returns {Draft} */
  #draft(chat) {
    const known = this.#drafts.get(chat);
    if (known) return known;
    const draft = { sending: [], ...this.#read(chat) };
    this.#drafts.set(chat, draft);
    return draft;
  }

  /** @param {string} chat */
  #read(chat) {
    try {
      const { text, problem } = JSON.parse(this.#store.getItem(this.#prefix + chat) ?? '{}');
      return { text: String(text ?? ''), problem: String(problem ?? '') };
    } catch {
      return { text: '', problem: '' };
    }
  }

  /** @param {string} chat @param {Draft} draft */
  #save(chat, { sending, text, problem }) {
    // A page that goes now may never hear whether the server took what is under way.
    const words = joined(...sending, text);
    try {
      if (words || problem) {
        this.#store.setItem(this.#prefix + chat, JSON.stringify({ text: words, problem }));
      } else this.#store.removeItem(this.#prefix + chat);
    } catch {
      // A full or forbidden store: this page still has the words.
    }
  }
}

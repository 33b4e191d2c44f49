/**
 * A search of the chats: its own list, which touches neither the state nor the stream.
 *
 * What it found stays as it was found; a chat that the page follows is shown as it is now.
 */

import { excerpt } from './excerpt.js';

/** @import { Message, Session, SessionPage } from '../types.js' */

export class SessionSearch {
  text = '';
  /** @type {Session[]} */
  sessions = [];
  /** What each session was found by, around the place. @type {Map<string, Message>} */
  matches = new Map();
  /** @type {string | null} */
  more = null;
  #read;
  #turn = 0;
  #loading = false;

  /** @param {(query: { q: string, before?: string }) => Promise<SessionPage>} read */
  constructor(read) {
    this.#read = read;
  }

  /** Whether there is a search at all. */
  get active() {
    return this.text !== '';
  }

  /** Look for this text; empty ends the search. Throws what the server refused. @param {string} text */
  async find(text) {
    const turn = ++this.#turn;
    this.#loading = false;
    if (!text) {
      this.text = '';
      this.sessions = [];
      this.matches = new Map();
      this.more = null;
      return;
    }
    const page = await this.#read({ q: text });
    // What was typed since has a search of its own.
    if (turn !== this.#turn) return;
    this.text = text;
    this.sessions = [];
    this.matches = new Map();
    this.#add(page);
  }

  /** The next page of the same search. */
  async loadMore() {
    if (!this.more || this.#loading) return;
    const turn = this.#turn;
    this.#loading = true;
    try {
      const page = await this.#read({ q: this.text, before: this.more });
      if (turn === this.#turn) this.#add(page);
    } finally {
      if (turn === this.#turn) this.#loading = false;
    }
  }

  /** @param {SessionPage} page */
  #add({ sessions, before, matches = [] }) {
    const known = new Set(this.sessions.map(({ id }) => id));
    this.sessions = [...this.sessions, ...sessions.filter(({ id }) => !known.has(id))];
    for (const match of matches) {
      const content = excerpt(match.content, this.text);
      this.matches.set(match.sessionId, { ...match, content });
    }
    this.more = before;
  }
}

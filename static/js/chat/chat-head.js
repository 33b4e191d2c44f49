/** The head of the open chat: whose it is, who types, who has it, and what can be done with it. */

import { t } from '../i18n/i18n.js';
import { fillAvatar } from '../ui/avatar.js';
import { whileBusy } from '../ui/busy.js';
import { at, find, setText } from '../ui/dom.js';
import { contact, moment, since } from '../ui/format.js';
import { nameOf } from './session-row.js';

/** @import { Me, Session } from '../types.js' */
/** @import { ChatActions } from './chat-actions.js' */
/** @import { ConversationState } from './conversation-state.js' */

export class ChatHead {
  #state;
  #actions;
  #me;

  /** @param {ConversationState} state @param {ChatActions} actions @param {Me} me */
  constructor(state, actions, me) {
    this.#me = me;
    this.#state = state;
    this.#actions = actions;
    const toggle = at('toggle-mode', HTMLButtonElement);
    toggle.addEventListener('click', () => whileBusy(toggle, () => actions.toggle()));
    at('resolve').addEventListener('click', () => actions.resolve());
    at('chat-menu').addEventListener('click', () => actions.more(at('chat-menu')));
  }

  /** @param {Session} session */
  draw(session) {
    const name = nameOf(session);
    fillAvatar(at('chat-avatar'), session.contact ?? session.id, name);
    setText(at('chat-title'), name);
    const who = this.#state.typing(session.id);
    at('chat-note').classList.toggle('typing', Boolean(who));
    setText(at('chat-note'), who ? typingWords(who, session) : this.#note(session));
    const colleague = this.#state.colleague(session.id, this.#me.id);
    at('colleague').hidden = !colleague;
    setText(at('colleague'), colleague ? t('chat.replies', { name: colleague }) : '');
    const mine = this.#actions.isMine(session);
    const { mode, words } = standing(session, mine);
    at('mode').dataset.mode = mode;
    setText(at('mode'), words);
    const back = mine || (mode === 'human' && !session.assignee);
    label('toggle-mode', t(back ? 'chat.giveBack' : 'chat.takeOver'), back ? 'bot' : 'user');
    at('toggle-mode').classList.toggle('primary', mode === 'waits');
    const done = session.state === 'resolved';
    at('resolve').hidden = session.mode !== 'human' && !done;
    label('resolve', t(done ? 'chat.reopen' : 'chat.resolve'), done ? 'reply' : 'archive');
  }

  /** @param {Session} session */
  #note(session) {
    const failed = this.#state.botFailed(session.id);
    return failed ? t('chat.botFailed') : contact(session.contact);
  }
}

/** @param {string} who @param {Session} session */
const typingWords = (who, session) =>
  who === 'bot' ? t('chat.botTyping') : t('chat.isTyping', { name: nameOf(session) });

/**
 * Who has a chat, in a word and its colour.
 *
 * @param {Session} session
 * @param {boolean} mine
 */
function standing({ mode, assignee, state, snoozedUntil, waitingSince }, mine) {
  if (state === 'resolved') return { mode: 'done', words: t('chat.mode.resolved') };
  if (state === 'snoozed') {
    const words = snoozedUntil
      ? t('chat.mode.snoozed', { time: moment(snoozedUntil) })
      : t('chat.mode.snoozedOpen');
    return { mode: 'done', words };
  }
  if (mode !== 'human') return { mode: 'bot', words: t('chat.mode.bot') };
  if (mine) return { mode: 'human', words: t('chat.mode.mine') };
  if (assignee?.name) return { mode: 'human', words: t('chat.mode.by', { name: assignee.name }) };
  const words = waitingSince
    ? t('monitor.waiting', { time: since(waitingSince) })
    : t('chat.mode.human');
  return { mode: waitingSince ? 'waits' : 'human', words };
}

/** @param {string} id @param {string} words @param {string} drawing */
function label(id, words, drawing) {
  const button = at(id);
  button.title = words;
  setText(find(button, '.word'), words);
  const shown = find(button, 'pulso-icon');
  if (shown.getAttribute('name') !== drawing) shown.setAttribute('name', drawing);
}

/**
 * `<bot-connection bot-id="…">`: one bot's connection to WhatsApp, live: its QR or code, its status, its buttons.
 *
 * It reads the status once, then follows the stream from that status's cursor. What a button asks
 * for shows when the event arrives. Fires `line` (the source's state in `detail`), `status` (the bot's)
 * and `gone`: there is no such bot any more, or it is somebody else's.
 */

import { BotEventSource } from './events.js';
import { t } from './i18n/i18n.js';
import { translateServerText } from './i18n/server-words.js';
import { LinkByCode } from './link-by-code.js';
import { botPath, get, post } from './pages/api.js';
import { BOT_EVENTS, fold, fromStatus } from './pages/bot-state.js';
import { serverNow } from './pages/server-clock.js';
import { confirm } from './ui/dialogs.js';
import { el, setText } from './ui/dom.js';
import { contact, secondsUntil } from './ui/format.js';

/** @import { BotEvent, BotState, StatusAnswer } from './types.js' */
/** @import { Key } from './i18n/i18n.js' */

const LAST_CODE = 6;

export class BotConnection extends HTMLElement {
  static observedAttributes = ['bot-id'];

  /** @type {BotState | null} */
  #state = null;
  /** @type {BotEventSource | null} */
  #source = null;
  #countdown = 0;
  #parts = this.#makeParts();
  #built = false;
  #asking = false;

  connectedCallback() {
    if (!this.#built) this.#build();
    this.#start();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback() {
    if (this.isConnected && this.#built) {
      this.#stop();
      this.#start();
    }
  }

  get botId() {
    return this.getAttribute('bot-id') ?? '';
  }

  #start() {
    if (!this.botId) return;
    this.#countdown = setInterval(() => this.#showTimes(), 1_000);
    const pollSeconds = Number(this.getAttribute('poll-seconds')) || undefined;
    const source = new BotEventSource(this.botId, pollSeconds ? { pollSeconds } : {});
    this.#source = source;
    for (const type of BOT_EVENTS) source.on(type, (event) => this.#apply(event));
    source
      // A first read that failed is made up for as soon as the server is back.
      .on('connected', () => this.#state ?? this.#read(source))
      .on('gap', () => this.#read(source))
      .on('poll', () => this.#read(source))
      .on('check', () => this.#check(source))
      .on('closing', ({ reason }) => reason === 'revoked' && this.#read(source))
      .on('state', (state) => this.dispatchEvent(new CustomEvent('line', { detail: state })))
      .on('unauthorized', () => location.reload());
    this.#read(source).then(() => source === this.#source && source.connect());
  }

  #stop() {
    clearInterval(this.#countdown);
    this.#source?.close();
    this.#source = null;
    this.#state = null;
  }

  /** @param {BotEventSource} source */
  async #read(source) {
    try {
      /** @type {StatusAnswer} */
      const answer = await get(botPath(this.botId, 'status'));
      if (source !== this.#source) return;
      this.#state = fromStatus(answer);
      source.resume(answer.cursor);
      this.#problem('');
      this.#show();
    } catch (error) {
      if (source === this.#source) this.#failed(error);
    }
  }

  /**
   * While the stream is live: read and resume from there only where it kept something from us.
   *
   * @param {BotEventSource} source
   */
  async #check(source) {
    /** @type {StatusAnswer | null} */
    const answer = await get(botPath(this.botId, 'status')).catch((error) => {
      if (error.status === 404 && source === this.#source) this.#failed(error);
      return null;
    });
    if (source !== this.#source || !answer || !this.#state) return;
    const { status, qrSeq, pairingCode } = this.#state;
    const isNew = answer.qrSeq !== qrSeq || (answer.pairingCode ?? null) !== pairingCode;
    if (answer.status !== status || isNew) await this.#read(source);
  }

  /** @param {BotEvent} event */
  #apply(event) {
    if (!this.#state) return;
    this.#state = fold(this.#state, event);
    this.#show();
    // The event does not distinguish a bot that rests from one that failed; the status does.
    const unclear =
      event.type === 'bot:disconnected' && !event.willReconnect && event.statusCode === null;
    if (unclear && this.#source) this.#read(this.#source);
  }

  /** @param {'connect' | 'disconnect' | 'logout'} action @param {object} [body] */
  async #ask(action, body) {
    if (this.#asking) return;
    this.#asking = true;
    this.#problem('');
    try {
      await post(botPath(this.botId, action), body);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#asking = false;
    }
  }

  async #logOut() {
    const words = { title: t('bot.logoutTitle'), text: t('bot.logoutText'), yes: t('bot.logout') };
    if (await confirm(words)) await this.#ask('logout');
  }

  /** @param {import('./pages/api.js').ApiError} error */
  #failed(error) {
    if (error.status === 403 || error.status === 404) this.dispatchEvent(new CustomEvent('gone'));
    this.#problem(error.message);
  }

  /** @param {string} text */
  #problem(text) {
    setText(this.#parts.problem, text);
  }

  #makeParts() {
    /** @param {Key} key @param {() => void} act */
    const button = (key, act, className = '') => {
      const node = el('button', { type: 'button', className, textContent: t(key), hidden: true });
      node.addEventListener('click', act);
      return node;
    };
    return {
      status: el('p', { className: 'status', role: 'status', tabIndex: -1 }),
      times: el('p', { className: 'soft small' }),
      note: el('p', { className: 'soft' }),
      reason: el('p', { className: 'reason', role: 'status', hidden: true }),
      qr: el('div', { className: 'qr', hidden: true }),
      image: el('img', { alt: t('bot.qrAlt'), width: 300, height: 300 }),
      count: el('p', { className: 'soft small count' }),
      byCode: new LinkByCode((pairWith) => this.#ask('connect', { pairWith })),
      connect: button('bot.connect', () => this.#ask('connect'), 'primary'),
      newQr: button('bot.newQr', () => this.#ask('connect'), 'primary'),
      disconnect: button('bot.disconnect', () => this.#ask('disconnect')),
      logout: button('bot.logout', () => this.#logOut(), 'danger'),
      actions: el('div', { className: 'actions' }),
      problem: el('p', { className: 'error', role: 'alert' }),
    };
  }

  #build() {
    this.#built = true;
    const { status, times, note, reason, qr, image, count, byCode, problem } = this.#parts;
    const { connect, newQr, disconnect, logout, actions } = this.#parts;
    const how = el('p', { className: 'soft', textContent: t('bot.qrHow') });
    qr.append(image, count, how);
    actions.append(connect, newQr, disconnect, logout);
    const line = el('div', { className: 'line' }, status, times);
    this.append(line, note, reason, qr, ...byCode.nodes, actions, problem);
  }

  #show() {
    if (!this.#state) return;
    const pressed = document.activeElement;
    const { status, user, qr, qrSeq, reason, retryAt, qrExpired } = this.#state;
    const parts = this.#parts;
    parts.status.dataset.status = status;
    setText(parts.status, t(`status.${status}`));
    this.dispatchEvent(new CustomEvent('status', { detail: status }));
    setText(parts.note, noteOf(this.#state));
    parts.note.hidden = !parts.note.textContent;
    const why = qrExpired
      ? t('bot.qrExpired')
      : status === 'connected' || status === 'qr'
        ? ''
        : reason;
    parts.reason.hidden = !why;
    setText(parts.reason, translateServerText(why) ?? '');
    parts.qr.hidden = !qr;
    if (qr) {
      if (parts.image.src !== qr) parts.image.src = qr;
    } else parts.image.removeAttribute('src');
    parts.image.alt = qrSeq
      ? `${t('bot.qrAlt')}. ${t('bot.qrCount', { seq: qrSeq })}`
      : t('bot.qrAlt');
    parts.byCode.show(this.#state);
    const resting = status === 'disconnected' || status === 'failed';
    parts.newQr.hidden = !(resting && qrExpired);
    parts.connect.hidden = !(resting && !qrExpired);
    parts.disconnect.hidden = resting && !retryAt;
    parts.logout.hidden = status === 'qr' || !(status === 'connected' || user);
    // The button that did this is gone; the next one would undo it.
    if (pressed?.closest('[hidden]') && this.contains(pressed))
      parts.status.focus({ preventScroll: true });
    this.#showTimes();
  }

  #showTimes() {
    if (!this.#state) return;
    const { qr, qrSeq, qrExpiresAt, retryAt, attempt } = this.#state;
    const words = [];
    if (retryAt) {
      const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1_000));
      words.push(t('bot.retrying', { seconds }));
    } else if (attempt && attempt > 1) words.push(t('bot.attempt', { attempt }));
    setText(this.#parts.times, words.join(' · '));
    this.#parts.byCode.showTimes(this.#state);
    if (!qr) return;
    const count = qrSeq ? [t('bot.qrCount', { seq: qrSeq })] : [];
    if (qrExpiresAt) {
      const key = qrSeq === LAST_CODE ? 'bot.qrLast' : 'bot.qrExpires';
      count.push(t(key, { seconds: secondsUntil(qrExpiresAt, serverNow()) }));
    }
    setText(this.#parts.count, count.join(' · '));
  }
}

/** @param {BotState} state */
function noteOf({ status, user }) {
  if (user)
    return t('bot.linkedAs', {
      user: user.name ? `${user.name} (${contact(user.id)})` : contact(user.id),
    });
  if (status === 'connecting') return t('bot.wait');
  return status === 'disconnected' ? t('bot.idle') : '';
}

customElements.define('bot-connection', BotConnection);

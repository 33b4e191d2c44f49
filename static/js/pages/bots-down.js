/** Shows which bots can't send, each with the way out. */

import { t } from '../i18n/i18n.js';
import { whileBusy } from '../ui/busy.js';
import { clone, part, setText } from '../ui/dom.js';
import { Rows } from '../ui/rows.js';
import { botPath, post } from './api.js';

/** @import { Down } from './bot-watch.js' */

export class BotsDown {
  #list;
  #rows;

  /** @param {HTMLElement} list @param {(error: Error) => void} failed */
  constructor(list, failed) {
    this.#list = list;
    this.#rows = new Rows(list, {
      key: (/** @type {Down} */ { id }) => id,
      make: ({ id }) => {
        const row = clone('bot-down');
        const connect = part(row, 'connect', HTMLButtonElement);
        connect.addEventListener('click', () =>
          whileBusy(connect, () => post(botPath(id, 'connect')).catch(failed)),
        );
        part(row, 'open', HTMLAnchorElement).href = `/bots/${encodeURIComponent(id)}`;
        return row;
      },
      fill: (row, { status, words, canConnect }) => {
        row.dataset.status = status;
        setText(part(row, 'words'), words);
        part(row, 'connect').hidden = !canConnect;
        part(row, 'open').hidden = canConnect;
        setText(part(row, 'open'), t(status === 'qr' ? 'monitor.bot.scan' : 'monitor.bot.open'));
      },
      stamp: ({ status, words, canConnect }) => [status, words, canConnect],
    });
  }

  /** @param {Down[]} down */
  show(down) {
    const held = this.#list.contains(document.activeElement);
    this.#rows.show(down);
    // Whoever pressed Connect goes on from the list's place, not from the top of the page.
    if (held && !this.#list.contains(document.activeElement)) this.#list.focus();
  }
}

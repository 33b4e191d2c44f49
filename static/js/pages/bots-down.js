/** Shows which bots can't send, each with the way out. */

import { t } from '../i18n/i18n.js';
import { clone, part, setText } from '../ui/dom.js';
import { Rows } from '../ui/rows.js';
import { botPath, post } from './api.js';

/** @import { Down } from './bot-watch.js' */

export class BotsDown {
  #rows;

  /** @param {HTMLElement} list @param {(error: Error) => void} failed */
  constructor(list, failed) {
    this.#rows = new Rows(list, {
      key: (/** @type {Down} */ { id }) => id,
      make: ({ id }) => {
        const row = clone('bot-down');
        const connect = part(row, 'connect', HTMLButtonElement);
        connect.addEventListener('click', async () => {
          connect.disabled = true;
          await post(botPath(id, 'connect')).catch(failed);
          connect.disabled = false;
        });
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
    this.#rows.show(down);
  }
}

/** The tabs over the list of chats, with how many stand under each; arrows move between them. */

import { t } from '../i18n/i18n.js';
import { el, setText } from '../ui/dom.js';
import { VIEWS } from './views.js';

/** @import { ViewName } from '../types.js' */

export class ViewTabs {
  /** @type {Map<ViewName, { tab: HTMLButtonElement, number: HTMLElement }>} */
  #tabs = new Map();
  #panel;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} panel what the tabs are of
   * @param {(view: ViewName) => void} choose
   */
  constructor(list, panel, choose) {
    this.#panel = panel;
    for (const view of VIEWS) {
      const number = el('span', { className: 'number' });
      const words = el('span', { textContent: t(`views.${view}`) });
      const tab = el(
        'button',
        { type: 'button', role: 'tab', id: `view-${view}`, 'aria-controls': panel.id },
        words,
        number,
      );
      tab.addEventListener('click', () => choose(view));
      this.#tabs.set(view, { tab, number });
      list.append(tab);
    }
    list.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** @param {ViewName} chosen @param {Record<ViewName, number>} counts */
  show(chosen, counts) {
    for (const [view, { tab, number }] of this.#tabs) {
      const selected = view === chosen;
      if (tab.getAttribute('aria-selected') !== String(selected)) {
        tab.setAttribute('aria-selected', String(selected));
        tab.tabIndex = selected ? 0 : -1;
        if (selected) this.#panel.setAttribute('aria-labelledby', tab.id);
      }
      const count = counts[view];
      // How many there are in all asks nothing of anybody.
      setText(number, count && view !== 'all' ? shortened(count) : '');
      number.classList.toggle('waits', view === 'unassigned' && count > 0);
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey({ key }) {
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
    if (!step) return;
    const tabs = [...this.#tabs.values()].map(({ tab }) => tab);
    const at = tabs.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = tabs[(at + step + tabs.length) % tabs.length];
    to.focus();
    to.click();
  }
}

/** @param {number} count */
const shortened = (count) => (count > 999 ? '999+' : String(count));

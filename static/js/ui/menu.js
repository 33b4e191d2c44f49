/**
 * A menu at a button: arrows move, Enter chooses, Escape closes and gives the focus back. It is in
 * the page only while it is open.
 */

import { el } from './dom.js';
import { icon } from './icon.js';

/** @typedef {{ label: string, icon?: string, key?: string, act: () => unknown }} Item */

const GAP = 4;

/**
 * @param {HTMLElement} anchor the button
 * @param {Item[]} items
 * @param {string} [title]
 */
export function openMenu(anchor, items, title) {
  const buttons = items.map((item) => {
    const button = el('button', { type: 'button', role: 'menuitem' });
    if (item.icon) button.append(icon(item.icon));
    button.append(el('span', { textContent: item.label, dir: 'auto' }));
    if (item.key) button.append(el('kbd', { textContent: item.key, 'aria-hidden': 'true' }));
    button.addEventListener('click', () => {
      list.hidePopover();
      item.act();
    });
    return button;
  });
  const list = el('div', { className: 'menu', popover: 'auto', role: 'menu' }, ...buttons);
  list.setAttribute('aria-label', title ?? anchor.getAttribute('aria-label') ?? '');
  if (title) list.prepend(el('h3', { textContent: title, 'aria-hidden': 'true' }));
  list.addEventListener('keydown', (event) => move(event, buttons));
  list.addEventListener('toggle', ({ newState }) => {
    if (newState !== 'closed') return;
    anchor.setAttribute('aria-expanded', 'false');
    const hadFocus =
      list.contains(document.activeElement) || document.activeElement === document.body;
    list.remove();
    if (hadFocus) anchor.focus();
  });
  (anchor.closest('main') ?? document.body).append(list);
  list.showPopover();
  place(list, anchor);
  anchor.setAttribute('aria-expanded', 'true');
  buttons[0]?.focus();
}

/** @param {KeyboardEvent} event @param {HTMLElement[]} buttons */
function move(event, buttons) {
  const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const last = buttons.length - 1;
  /** @type {Record<string, number>} */
  const places = {
    ArrowDown: at < last ? at + 1 : 0,
    ArrowUp: at > 0 ? at - 1 : last,
    Home: 0,
    End: last,
  };
  const to = places[event.key];
  if (to === undefined) return;
  event.preventDefault();
  buttons[to]?.focus();
}

/** Below the button and within the window, or above it. @param {HTMLElement} list @param {HTMLElement} anchor */
function place(list, anchor) {
  const at = anchor.getBoundingClientRect();
  const { width, height } = list.getBoundingClientRect();
  const left = Math.max(GAP, Math.min(at.right - width, innerWidth - width - GAP));
  const below = at.bottom + GAP;
  const top = below + height < innerHeight ? below : Math.max(GAP, at.top - GAP - height);
  list.style.left = `${left}px`;
  list.style.top = `${top}px`;
}

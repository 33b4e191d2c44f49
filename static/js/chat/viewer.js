/** A picture of the chat by itself: Escape closes, arrows go to the one before and after. */

import { t } from '../i18n/i18n.js';
import { el } from '../ui/dom.js';
import { icon } from '../ui/icon.js';

/** @param {HTMLElement} from the picture in its bubble */
export function openViewer(from) {
  const all = [
    ...(from.closest('.messages') ?? from.parentElement ?? from).querySelectorAll('.picture'),
  ];
  let at = all.indexOf(from);
  const image = el('img', { alt: t('chat.kind.image') });
  const close = el(
    'button',
    { type: 'button', className: 'icon', 'aria-label': t('viewer.close') },
    icon('close'),
  );
  const save = el('a', { className: 'button', textContent: t('viewer.save'), download: '' });
  const dialog = el('dialog', { className: 'viewer', 'aria-label': t('viewer.title') });
  const bar = el('div', { className: 'bar' }, save, close);
  dialog.append(bar, image);

  /** @param {number} place */
  const show = (place) => {
    const found = all[place]?.querySelector('img');
    if (!found) return;
    at = place;
    image.src = save.href = found.src;
  };
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener('keydown', ({ key }) => {
    if (key === 'ArrowLeft') show(at - 1);
    if (key === 'ArrowRight') show(at + 1);
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    /** @type {HTMLElement} */ (all[at] ?? from).focus();
  });
  show(at);
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}

/** The canned replies, all operators': one added, one taken away. */

import { t } from '../i18n/i18n.js';
import { get, post, remove } from '../pages/api.js';
import { whileBusy } from '../ui/busy.js';
import { el, setText } from '../ui/dom.js';
import { icon } from '../ui/icon.js';

/** @import { Reply } from '../types.js' */

/** @param {string} id @param {string} words @param {HTMLElement} field */
const labelled = (id, words, field) =>
  el('div', { className: 'field' }, el('label', { for: id, textContent: words }), field);

/** @param {() => void} closed */
export function manageReplies(closed) {
  const list = el('ul', { className: 'rows' });
  const problem = el('p', { className: 'error', role: 'alert' });
  const shortcut = el('input', {
    id: 'reply-shortcut',
    maxLength: 32,
    required: true,
    autocomplete: 'off',
  });
  const text = el('textarea', {
    id: 'reply-text',
    maxLength: 5_000,
    rows: 3,
    required: true,
    dir: 'auto',
  });
  const hint = el('p', {
    className: 'soft small',
    textContent: t('canned.hint', { braces: '{name}' }),
  });
  const add = el('button', { className: 'primary', textContent: t('canned.add') });
  const close = el('button', { type: 'button', textContent: t('keys.close') });
  const form = el(
    'form',
    {},
    el('h2', { id: 'canned-title', textContent: t('canned.title') }),
    list,
    labelled('reply-shortcut', t('canned.shortcut'), shortcut),
    labelled('reply-text', t('canned.text'), text),
    hint,
    problem,
    el('div', { className: 'actions' }, close, add),
  );
  const dialog = el('dialog', { 'aria-labelledby': 'canned-title' });
  dialog.append(form);

  /** @param {() => Promise<unknown>} work */
  const attempt = async (work) => {
    try {
      await work();
      /** @type {{ replies: Reply[] }} */
      const { replies } = await get('/api/replies');
      list.replaceChildren(...replies.map(row));
      setText(problem, '');
    } catch (error) {
      setText(problem, error.message);
    }
  };
  /** @param {Reply} reply */
  const row = (reply) => {
    const label = t('canned.remove', { shortcut: reply.shortcut });
    const drop = el(
      'button',
      { type: 'button', className: 'plain icon', 'aria-label': label },
      icon('close'),
    );
    drop.addEventListener('click', async () => {
      await attempt(() => remove(`/api/replies/${encodeURIComponent(reply.id)}`));
      shortcut.focus();
    });
    const words = el(
      'div',
      { className: 'grow' },
      el('strong', { textContent: `/${reply.shortcut}` }),
    );
    words.append(el('p', { className: 'soft small', textContent: reply.text, dir: 'auto' }));
    return el('li', {}, words, drop);
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    whileBusy(add, () =>
      attempt(async () => {
        const name = shortcut.value.trim().replace(/^\//, '');
        await post('/api/replies', { shortcut: name, text: text.value });
        form.reset();
        shortcut.focus();
      }),
    );
  });
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    dialog.remove();
    closed();
  });
  document.body.append(dialog);
  dialog.showModal();
  shortcut.focus();
  attempt(async () => {});
}

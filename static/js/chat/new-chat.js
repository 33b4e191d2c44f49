/** Begins a chat with a number: which bot, which number, what is said. */

import { t } from '../i18n/i18n.js';
import { post } from '../pages/api.js';
import { formDialog } from '../ui/dialogs.js';
import { el, field, find } from '../ui/dom.js';

/** @import { Bot } from '../types.js' */

/**
 * @param {Bot[]} bots those that can be written from
 * @param {(sessionId: string) => void} begun
 */
export function startChat(bots, begun) {
  const { form, dialog } = formDialog('new-chat-form', async (form) => {
    /** @type {{ session: { id: string } }} */
    const { session } = await post('/api/sessions', {
      botId: field(form, 'botId').value,
      contact: field(form, 'contact').value.trim(),
      content: field(form, 'content').value,
    });
    begun(session.id);
  });
  const choice = find(form, 'select');
  for (const { id, name } of bots) choice.append(el('option', { value: id, textContent: name }));
  dialog.setAttribute('aria-label', t('start.title'));
  field(form, 'contact').focus();
}

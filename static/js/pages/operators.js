/** The operators' section of the bots page, for administrators. */

import { t } from '../i18n/i18n.js';
import { confirm, formDialog } from '../ui/dialogs.js';
import { clone, el, part, reconcile, setText } from '../ui/dom.js';
import { get, patch, post, remove } from './api.js';

const rows = new Map();

const path = (operator) => `/api/operators/${encodeURIComponent(operator.id)}`;

/** Show the section and keep it working. */
export async function showOperators(me) {
  document.getElementById('operators').hidden = false;
  document.getElementById('add-operator').addEventListener('click', () => edit(me, null));
  await list(me);
}

async function list(me) {
  const [{ operators }, { bots }] = await Promise.all([get('/api/operators'), get('/api/bots')]);
  const names = new Map(bots.map((bot) => [bot.id, bot.name]));
  reconcile(document.getElementById('operator-list'), rows, operators, {
    key: (operator) => operator.id,
    make: () => clone('operator-row'),
    update: (row, operator) => fill(row, operator, names, me),
  });
}

function fill(row, operator, names, me) {
  setText(part(row, 'name'), operator.username);
  part(row, 'admin').hidden = !operator.admin;
  setText(part(row, 'bots'), sees(operator.bots, names));
  part(row, 'edit').onclick = () => edit(me, operator);
  const deletion = part(row, 'delete');
  deletion.hidden = operator.username === me.username;
  deletion.onclick = () => drop(me, operator);
}

function sees(bots, names) {
  if (bots === '*') return t('operators.seesAll');
  if (!bots.length) return t('operators.seesNone');
  return t('operators.sees', { bots: bots.map((id) => names.get(id) ?? id).join(', ') });
}

async function edit(me, operator) {
  const { bots } = await get('/api/bots');
  const dialog = formDialog('operator-form', async (form) => {
    const body = readForm(form);
    if (operator) await patch(path(operator), body);
    else await post('/api/operators', body);
    await list(me);
  });
  const form = dialog.querySelector('form');
  const fields = form.elements;
  const title = operator
    ? t('operators.editTitle', { name: operator.username })
    : t('operators.add');
  part(dialog, 'title').textContent = title;
  part(dialog, 'username-field').hidden = Boolean(operator);
  fields.username.disabled = Boolean(operator);
  fields.password.required = !operator;
  if (operator) part(dialog, 'password-label').textContent = t('operators.newPassword');
  fields.admin.checked = operator?.admin ?? false;
  const seen = operator?.bots ?? [];
  fields.scope.value = seen === '*' ? 'all' : 'some';
  part(dialog, 'bots').append(...bots.map((bot) => choice(bot, seen)));
}

function choice(bot, seen) {
  const checked = seen !== '*' && seen.includes(bot.id);
  const box = el('input', { type: 'checkbox', name: 'bot', value: bot.id, checked });
  return el('label', { className: 'check' }, box, el('span', { textContent: bot.name }));
}

function readForm(form) {
  const { username, password, admin, scope } = form.elements;
  const chosen = [...form.querySelectorAll('[name=bot]:checked')].map((box) => box.value);
  const body = { admin: admin.checked, bots: scope.value === 'all' ? '*' : chosen };
  if (!username.disabled) body.username = username.value.trim();
  if (password.value) body.password = password.value;
  return body;
}

async function drop(me, operator) {
  const sure = await confirm({
    title: t('operators.deleteTitle', { name: operator.username }),
    text: t('operators.deleteText'),
    yes: t('operators.delete'),
  });
  if (!sure) return;
  try {
    await remove(path(operator));
    await list(me);
  } catch (error) {
    document.getElementById('problem').textContent = error.message;
  }
}

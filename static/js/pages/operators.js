/** The operators, for administrators: who may sign in, and which bots they see. */

import { t } from '../i18n/i18n.js';
import { confirm, formDialog } from '../ui/dialogs.js';
import { at, clone, el, field, part, setText } from '../ui/dom.js';
import { Rows } from '../ui/rows.js';
import { get, patch, post, remove } from './api.js';
import { begin, run } from './page.js';

/** @import { Bot, Me, Operator } from '../types.js' */

/** @typedef {{ operator: Operator, names: Map<string, string> }} Row */

/** @type {Rows<Row> | null} */
let rows = null;

/** @param {Operator} operator */
const path = (operator) => `/api/operators/${encodeURIComponent(operator.id)}`;

/** @param {Me} me */
async function list(me) {
  /** @type {[{ operators: Operator[] }, { bots: Bot[] }]} */
  const [{ operators }, { bots }] = await Promise.all([get('/api/operators'), get('/api/bots')]);
  const names = new Map(bots.map((bot) => [bot.id, bot.name]));
  rows ??= new Rows(at('operator-list'), {
    key: ({ operator }) => operator.id,
    make: () => clone('operator-row'),
    fill: (row, { operator, names }) => fill(row, operator, names, me),
  });
  rows.show(operators.map((operator) => ({ operator, names })));
  at('operator-list').hidden = false;
}

/** @param {HTMLElement} row @param {Operator} operator @param {Map<string, string>} names @param {Me} me */
function fill(row, operator, names, me) {
  setText(part(row, 'name'), operator.username);
  part(row, 'admin').hidden = !operator.admin;
  setText(part(row, 'bots'), sees(operator.bots, names));
  part(row, 'edit').onclick = () => edit(me, operator);
  const deletion = part(row, 'delete');
  deletion.hidden = operator.username === me.username;
  deletion.onclick = () => drop(me, operator);
}

/** @param {'*' | string[]} bots @param {Map<string, string>} names */
function sees(bots, names) {
  if (bots === '*') return t('operators.seesAll');
  if (!bots.length) return t('operators.seesNone');
  return t('operators.sees', { bots: bots.map((id) => names.get(id) ?? id).join(', ') });
}

/** @param {Me} me @param {Operator | null} operator null: a new one */
async function edit(me, operator) {
  /** @type {{ bots: Bot[] }} */
  const { bots } = await get('/api/bots');
  const { dialog, form } = formDialog('operator-form', async (form) => {
    const body = readForm(form);
    if (operator) await patch(path(operator), body);
    else await post('/api/operators', body);
    await list(me);
  });
  const title = operator
    ? t('operators.editTitle', { name: operator.username })
    : t('operators.add');
  part(dialog, 'title').textContent = title;
  part(dialog, 'username-field').hidden = Boolean(operator);
  field(form, 'username').disabled = Boolean(operator);
  field(form, 'password').required = !operator;
  if (operator) part(dialog, 'password-label').textContent = t('operators.newPassword');
  field(form, 'admin').checked = operator?.admin ?? false;
  const seen = operator?.bots ?? [];
  scope(form).value = seen === '*' ? 'all' : 'some';
  part(dialog, 'bots').append(...bots.map((bot) => choice(bot, seen)));
}

/** @param {Bot} bot @param {'*' | string[]} seen */
function choice(bot, seen) {
  const checked = seen !== '*' && seen.includes(bot.id);
  const box = el('input', { type: 'checkbox', name: 'bot', value: bot.id, checked });
  return el('label', { className: 'check' }, box, el('span', { textContent: bot.name }));
}

/** Whether all bots are seen or the chosen ones. @param {HTMLFormElement} form */
const scope = (form) => /** @type {RadioNodeList} */ (form.elements.namedItem('scope'));

/** @param {HTMLFormElement} form */
function readForm(form) {
  const [username, password] = [field(form, 'username'), field(form, 'password')];
  /** @type {NodeListOf<HTMLInputElement>} */
  const checked = form.querySelectorAll('[name=bot]:checked');
  const chosen = [...checked].map((box) => box.value);
  /** @type {{ admin: boolean, bots: '*' | string[], username?: string, password?: string }} */
  const body = {
    admin: field(form, 'admin').checked,
    bots: scope(form).value === 'all' ? '*' : chosen,
  };
  if (!username.disabled) body.username = username.value.trim();
  if (password.value) body.password = password.value;
  return body;
}

/** @param {Me} me @param {Operator} operator */
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
    at('problem').textContent = error.message;
  }
}

run(async () => {
  const me = await begin();
  if (!me.admin) {
    setText(at('problem'), t('operators.notYours'));
    return;
  }
  at('acts').hidden = false;
  at('add-operator').addEventListener('click', () => edit(me, null));
  await list(me);
});

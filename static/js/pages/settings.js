/** What everybody sets for themselves: the password, and in this browser alerts and the look. */

import { alertSettings, setAlerts } from '../alerts/alert-settings.js';
import { chime } from '../alerts/chime.js';
import { permission } from '../alerts/desktop.js';
import { t } from '../i18n/i18n.js';
import { whileBusy } from '../ui/busy.js';
import { at, field, find, setText } from '../ui/dom.js';
import { post } from './api.js';
import { look, setLook } from './look-settings.js';
import { begin, run } from './page.js';

/** @import { AlertSettings } from '../alerts/alert-settings.js' */
/** @import { LookName } from './look-settings.js' */

function bindPassword() {
  const form = at('password-form', HTMLFormElement);
  const [current, wanted, again] = ['current', 'new', 'again'].map((name) => field(form, name));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    setText(at('password-done'), '');
    await whileBusy(find(form, '.primary', HTMLButtonElement), async () => {
      setText(at('password-problem'), '');
      try {
        if (wanted.value !== again.value) throw new Error(t('settings.differ'));
        await post('/api/auth/password', { current: current.value, new: wanted.value });
        form.reset();
        setText(at('password-done'), t('settings.passwordDone'));
      } catch (error) {
        setText(at('password-problem'), error.message);
        (error.field === 'current' ? current : wanted).focus();
      }
    });
  });
}

function bindAlerts() {
  const form = at('alerts-form', HTMLFormElement);
  const settings = alertSettings();
  for (const name of /** @type {(keyof AlertSettings)[]} */ (Object.keys(settings))) {
    const box = field(form, name);
    box.checked = settings[name];
    box.addEventListener('change', async () => {
      // The browser asks only for somebody who just clicked.
      if (name === 'desktop' && box.checked && permission() === 'default') {
        await Notification.requestPermission();
      }
      if (name === 'sound' && box.checked) chime();
      setAlerts({ [name]: box.checked });
      drawDesktop(box);
    });
  }
  drawDesktop(field(form, 'desktop'));
}

/** What the browser forbids is said beside the switch. @param {HTMLInputElement} box */
function drawDesktop(box) {
  const allowed = permission();
  const isBarred = allowed === 'denied' || allowed === 'missing';
  box.disabled = isBarred && !box.checked;
  const words = allowed === 'denied' ? t('settings.desktopDenied') : t('settings.desktopMissing');
  setText(at('desktop-hint'), isBarred ? words : t('settings.desktopHint'));
}

function bindLook() {
  const form = at('look-form', HTMLFormElement);
  for (const name of /** @type {LookName[]} */ (['theme', 'density'])) {
    const choice = /** @type {RadioNodeList} */ (form.elements.namedItem(name));
    choice.value = look(name);
  }
  form.addEventListener('change', ({ target }) => {
    const { name, value } = /** @type {HTMLInputElement} */ (target);
    setLook(/** @type {LookName} */ (name), value);
  });
}

run(async () => {
  bindAlerts();
  bindLook();
  bindPassword();
  const me = await begin();
  field(at('password-form', HTMLFormElement), 'username').value = me.username;
  setText(at('who'), t('nav.signedInAs', { name: me.username }));
});

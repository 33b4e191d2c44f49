/** Which alerts this browser gives: kept in it, the same in all its tabs, also in those that are open. */

/** @typedef {{ title: boolean, badge: boolean, sound: boolean, desktop: boolean }} AlertSettings */

const KEY = 'pulso alerts';

// What reaches somebody outside of the browser waits until it is asked for: the browser asks, too.
/** @type {AlertSettings} */
const DEFAULTS = { title: true, badge: true, sound: true, desktop: false };

/** @param {Pick<Storage, 'getItem'>} store @returns {AlertSettings} */
export function alertSettings(store = localStorage) {
  const settings = { ...DEFAULTS };
  try {
    const kept = JSON.parse(store.getItem(KEY) ?? '{}');
    for (const name of /** @type {(keyof AlertSettings)[]} */ (Object.keys(settings))) {
      if (typeof kept?.[name] === 'boolean') settings[name] = kept[name];
    }
  } catch {
    // Not ours, or no storage: as if nothing had been chosen.
  }
  return settings;
}

/**
 * @param {Partial<AlertSettings>} change
 * @param {Pick<Storage, 'getItem' | 'setItem'>} store
 */
export function setAlerts(change, store = localStorage) {
  const settings = { ...alertSettings(store), ...change };
  store.setItem(KEY, JSON.stringify(settings));
  return settings;
}

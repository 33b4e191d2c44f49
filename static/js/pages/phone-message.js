/** What a customer, or the bot's own phone, sends in the simulator: a text, or a file with a caption. */

import { sizeOf } from '../chat/files.js';
import { post, simulatorPath } from './api.js';

/**
 * Resolves once it is stored. Sound is a voice note, as it is where somebody speaks into a phone.
 *
 * @param {string} botId
 * @param {{ from: string, name: string, text: string, fromMe: boolean }} message
 * @param {File} [file]
 */
export function writeAs(botId, message, file) {
  const path = simulatorPath(botId, 'message');
  if (!file) return post(path, message);
  const form = new FormData();
  const voice = file.type.startsWith('audio/');
  for (const [name, value] of Object.entries({ ...message, voice, ...sizeOf(file) })) {
    if (value !== '') form.set(name, String(value));
  }
  form.set('file', file, file.name);
  return post(path, form);
}

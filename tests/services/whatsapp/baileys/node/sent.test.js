import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Sent } from '../../../../../services/whatsapp/baileys/node/sent.js';

let folder;
let path;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulso-'));
  path = join(folder, 'sent.ndjson');
  mock.timers.enable({ apis: ['Date', 'setInterval'], now: 0 });
});

afterEach(() => {
  mock.timers.reset();
  rmSync(folder, { recursive: true });
});

const text = async (sent, id) => (await sent.message({ id }))?.extendedTextMessage.text;

test('a text is there for ten minutes, in the next life too', async () => {
  const sent = new Sent(path);
  sent.keep('m1', 'hola');
  sent.keep('m1', 'otra');
  assert.equal(await text(sent, 'm1'), 'hola');
  sent.close();
  const next = new Sent(path);
  assert.equal(await text(next, 'm1'), 'hola');
  mock.timers.tick(9 * 60_000);
  next.keep('m2', 'adiós');
  mock.timers.tick(2 * 60_000);
  assert.equal(await text(next, 'm1'), undefined);
  assert.equal(await text(next, 'm2'), 'adiós');
  assert.equal(readFileSync(path, 'utf8').split('\n').length, 2);
});

test('a disk that is full stops neither the sweep nor what comes after it', {
  skip: !existsSync('/dev/full'),
}, async () => {
  const sent = new Sent(path);
  sent.keep('m1', 'hola');
  mock.timers.tick(5 * 60_000);
  sent.keep('m2', 'adiós');
  symlinkSync('/dev/full', `${path}.tmp`);
  mock.timers.tick(6 * 60_000);
  assert.equal(await text(sent, 'm1'), undefined);
  assert.equal(await text(sent, 'm2'), 'adiós');
  sent.keep('m3', 'luego');
  mock.timers.tick(5 * 60_000);
  assert.equal(readFileSync(path, 'utf8'), '{"messageId":"m3","text":"luego"}\n');
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  forgetCredentials,
  loadCredentials,
} from '../../../../../services/whatsapp/baileys/node/credentials.js';

let folder;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'pulso-')), 'bot');
});

afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const mode = (path) => (statSync(path).mode & 0o777).toString(8);

test('what was saved loads again, as the bytes it was', () => {
  const { state, save } = loadCredentials(folder);
  state.creds.me = { id: '1:1@s.whatsapp.net', name: 'Ana' };
  save();
  const again = loadCredentials(folder).state.creds;
  assert.deepEqual(again.me, state.creds.me);
  assert.deepEqual(Buffer.from(again.noiseKey.private), Buffer.from(state.creds.noiseKey.private));
});

test('only the owner can read it, and nothing half written stays', async () => {
  const { state, save } = loadCredentials(folder);
  save();
  await state.keys.set({ session: { 'a:1': Buffer.from('x') } });
  assert.equal(mode(folder), '700');
  assert.deepEqual(readdirSync(folder).sort(), ['creds.json', 'session-a-1.json']);
  for (const name of readdirSync(folder)) assert.equal(mode(join(folder, name)), '600');
});

test('keys are kept by type and id, and null deletes one', async () => {
  const { keys } = loadCredentials(folder).state;
  await keys.set({
    'pre-key': { 1: { public: Buffer.from('p') }, 2: { public: Buffer.from('q') } },
  });
  await keys.set({ 'pre-key': { 1: null } });
  const found = await keys.get('pre-key', ['1', '2']);
  assert.equal(found[1], null);
  assert.deepEqual(Buffer.from(found[2].public), Buffer.from('q'));
});

test('damaged credentials are refused, not replaced', () => {
  loadCredentials(folder);
  writeFileSync(join(folder, 'creds.json'), '{"noiseKey":');
  assert.throws(() => loadCredentials(folder), /can't be read; restore them/);
});

test('forgetting leaves the outbox, unless all of it is to go', async () => {
  loadCredentials(folder).save();
  writeFileSync(join(folder, 'outbox.ndjson'), '');
  await forgetCredentials(folder);
  assert.deepEqual(readdirSync(folder), ['outbox.ndjson']);
  await forgetCredentials(folder, true);
  assert.throws(() => readdirSync(folder), { code: 'ENOENT' });
  await forgetCredentials(folder);
});

test('only a file that is not there is no key', async () => {
  const { keys } = loadCredentials(folder).state;
  assert.deepEqual(await keys.get('session', ['a.1']), { 'a.1': null });
  mkdirSync(join(folder, 'session-a.1.json'));
  await assert.rejects(keys.get('session', ['a.1']), { code: 'EISDIR' });
});

test('a key that is damaged is put aside', async () => {
  const { keys } = loadCredentials(folder).state;
  writeFileSync(join(folder, 'session-a.1.json'), '{"_sess');
  assert.deepEqual(await keys.get('session', ['a.1']), { 'a.1': null });
  assert.deepEqual(readdirSync(folder), ['session-a.1.json.damaged']);
});

test('what a kill left half made is swept at the start', () => {
  loadCredentials(folder).save();
  writeFileSync(join(folder, 'session-a.1.json.0f.tmp'), '{"_sess');
  loadCredentials(folder);
  assert.deepEqual(readdirSync(folder), ['creds.json']);
});

test('what can not be written leaves nothing half made', async () => {
  const { state, save } = loadCredentials(folder);
  mkdirSync(join(folder, 'session-a.1.json'));
  await assert.rejects(state.keys.set({ session: { 'a.1': Buffer.from('x') } }));
  mkdirSync(join(folder, 'creds.json'));
  assert.throws(save);
  assert.deepEqual(readdirSync(folder).sort(), ['creds.json', 'session-a.1.json']);
});

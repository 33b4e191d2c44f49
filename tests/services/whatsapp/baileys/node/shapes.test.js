import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import {
  checkPackages,
  checkRecord,
  stanzaListener,
  webSocket,
} from '../../../../../services/whatsapp/baileys/node/shapes.js';

const WHAT_TO_DO = /run npm ci --prefix services\/whatsapp\/baileys\/node, then connect again$/;

test('the packages that are installed are those this was written for', () => {
  checkPackages();
});

test('sessions kept in another shape are refused', () => {
  class Renamed {
    static createEntry() {
      return {};
    }
    setSession() {}
    serialize() {
      return { sessions: {} };
    }
  }
  assert.throws(() => checkRecord(Renamed), WHAT_TO_DO);
  assert.throws(() => checkRecord(undefined), WHAT_TO_DO);
});

test('another way to listen for messages is refused', () => {
  const ws = new EventEmitter();
  assert.throws(() => stanzaListener(ws), WHAT_TO_DO);
  const handle = async () => {};
  ws.on('CB:message', handle);
  assert.equal(stanzaListener(ws), handle);
  ws.on('CB:message', async () => {});
  assert.throws(() => stanzaListener(ws), WHAT_TO_DO);
});

test('another way to hold the connection is refused', () => {
  assert.throws(() => webSocket({}), WHAT_TO_DO);
  assert.throws(() => webSocket({ socket: { pause() {} } }), WHAT_TO_DO);
  const socket = { pause() {}, resume() {}, terminate() {}, send() {} };
  assert.equal(webSocket({ socket }), socket);
});

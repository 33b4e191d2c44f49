// What the server answers to a client's questions (iq), as far as Baileys asks any.

import { getBinaryNodeChild as child, getBinaryNodeChildren as children } from 'baileys';

const node = (tag, attrs = {}, content = undefined) => ({
  tag,
  attrs,
  ...(content === undefined ? {} : { content }),
});
const uint = (bytes) => Buffer.from(bytes).readUIntBE(0, bytes.length);

/** The content of the result, for one iq of this device. */
export function answer(iq, device, world) {
  switch (iq.attrs.xmlns) {
    case 'encrypt':
      return keys(iq, device, world);
    case 'usync':
      return [usync(iq, world)];
    case 'abt':
      return [node('props', { hash: 'x', refresh: '86400' }, [])];
    case 'blocklist':
      return [node('list', {}, [])];
    case 'privacy':
      return [node('privacy', {}, [])];
    case 'w:sync:app:state':
      return [
        node(
          'sync',
          {},
          children(child(iq, 'sync'), 'collection').map(({ attrs }) =>
            node('collection', { name: attrs.name, version: '0', type: 'result' }, []),
          ),
        ),
      ];
    default:
      return undefined;
  }
}

function keys(iq, device, world) {
  if (child(iq, 'count'))
    return [node('count', { value: String(device.bundle?.once.length ?? 0) })];
  if (child(iq, 'digest')) return [node('digest', {}, [])];
  if (child(iq, 'key'))
    return [
      node(
        'list',
        {},
        children(child(iq, 'key'), 'user').map(({ attrs: { jid } }) => world.find(jid).bundle(jid)),
      ),
    ];
  if (child(iq, 'list')) device.bundle = bundle(iq);
  return undefined;
}

function bundle(iq) {
  /** @returns {any} */
  const value = (parent, tag) => child(parent, tag).content;
  const signed = child(iq, 'skey');
  return {
    registrationId: uint(value(iq, 'registration')),
    identity: Buffer.from(value(iq, 'identity')),
    signed: {
      keyId: uint(value(signed, 'id')),
      publicKey: Buffer.from(value(signed, 'value')),
      signature: Buffer.from(value(signed, 'signature')),
    },
    once: children(child(iq, 'list'), 'key').map((key) => ({
      keyId: uint(value(key, 'id')),
      publicKey: Buffer.from(value(key, 'value')),
    })),
  };
}

function usync(iq, world) {
  const users = children(child(child(iq, 'usync'), 'list'), 'user');
  return node('usync', { sid: 'x', index: '0', last: 'true', mode: 'query', context: 'message' }, [
    node('result', {}, [node('devices'), node('lid')]),
    node(
      'list',
      {},
      users.map(({ attrs: { jid } }) => user(jid, world)),
    ),
  ]);
}

function user(jid, world) {
  const phone = world.find(jid ?? '');
  if (!phone) return node('user', { jid }, []);
  const devices = [node('device', { id: '0' })];
  const linked = world.devices.get(phone.user);
  if (linked) devices.push(node('device', { id: String(linked.id), 'key-index': '1' }));
  return node('user', { jid }, [
    node('devices', {}, [
      node('device-list', { hash: '2:x' }, devices),
      node('key-index-list', { ts: String(Math.floor(Date.now() / 1000)) }, Buffer.alloc(0)),
    ]),
    node('lid', { val: `${phone.lid}@lid` }),
  ]);
}

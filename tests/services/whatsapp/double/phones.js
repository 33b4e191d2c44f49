// The phones of this small WhatsApp: each a Signal identity with its sessions, and an inbox.

import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { Curve, generateSignalPubKey, hmacSign, proto } from 'baileys';
import { unspoiled } from '../../../../services/whatsapp/baileys/node/unspoiled.js';

const libsignal = createRequire(import.meta.url)('libsignal');

const uint = (value, length) => {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
};
const raw = (key) => Buffer.from(key).subarray(-32); // without Signal's leading 5
const leaf = (tag, content) => ({ tag, attrs: {}, content });

export class Phone {
  inbox = [];
  identity = libsignal.curve.generateKeyPair();
  #registration = libsignal.keyhelper.generateRegistrationId() & 0x3fff;
  #signed = libsignal.keyhelper.generateSignedPreKey(this.identity, 1);
  #once = new Map();
  #sessions = new Map();
  #renew = new Set();

  constructor(user, name, lid) {
    this.user = user;
    this.name = name;
    this.lid = lid;
  }

  get registrationNode() {
    return leaf('registration', uint(this.#registration, 4));
  }

  /** The keys with which somebody begins a session with this phone. */
  bundle(jid) {
    const id = this.#once.size + 1;
    this.#once.set(id, libsignal.curve.generateKeyPair());
    return {
      tag: 'user',
      attrs: { jid },
      content: [
        this.registrationNode,
        leaf('type', Buffer.from([5])),
        leaf('identity', raw(this.identity.pubKey)),
        leaf('skey', [
          leaf('id', uint(1, 3)),
          leaf('value', raw(this.#signed.keyPair.pubKey)),
          leaf('signature', Buffer.from(this.#signed.signature)),
        ]),
        leaf('key', [leaf('id', uint(id, 3)), leaf('value', raw(this.#once.get(id).pubKey))]),
      ],
    };
  }

  /** What an `<enc>` of this device holds, as a proto.Message. */
  async decrypt(device, { attrs, content }) {
    const choosing = attrs.type === 'msg';
    const cipher = new libsignal.SessionCipher(
      choosing ? this.#choosingStore : this.#store,
      address(device),
    );
    const body = Buffer.from(content);
    const padded = !choosing
      ? await cipher.decryptPreKeyWhisperMessage(body)
      : await cipher.decryptWhisperMessage(body);
    return proto.Message.decode(Buffer.from(padded).subarray(0, padded.length - padded.at(-1)));
  }

  /** An `<enc>` of this message (JSON of a proto.Message) for a device. */
  async encrypt(device, message) {
    const known = this.#sessions.has(address(device).toString());
    if (this.#renew.delete(device) || !known) await this.#begin(device);
    const padding = 1 + (randomBytes(1)[0] & 15);
    const bytes = Buffer.concat([
      proto.Message.encode(proto.Message.fromObject(message)).finish(),
      Buffer.alloc(padding, padding),
    ]);
    const { type, body } = await new libsignal.SessionCipher(this.#store, address(device)).encrypt(
      bytes,
    );
    return {
      tag: 'enc',
      attrs: { v: '2', type: type === 3 ? 'pkmsg' : 'msg' },
      content: Buffer.from(body, 'binary'),
    };
  }

  /** As a phone does when it is asked to send again: a new session, the old one still read. */
  renew(device) {
    this.#renew.add(device);
  }

  /** The word of this phone that a device belongs to its account. */
  vouch(deviceIdentity, advSecret) {
    const details = proto.ADVDeviceIdentity.encode({
      rawId: 1,
      timestamp: Math.floor(Date.now() / 1000),
      keyIndex: 1,
      accountType: 0,
      deviceType: 0,
    }).finish();
    const accountSignature = Curve.sign(
      this.identity.privKey,
      Buffer.concat([Buffer.from([6, 0]), details, deviceIdentity]),
    );
    const signed = proto.ADVSignedDeviceIdentity.encode({
      details,
      accountSignatureKey: raw(this.identity.pubKey),
      accountSignature,
    }).finish();
    return proto.ADVSignedDeviceIdentityHMAC.encode({
      details: signed,
      hmac: hmacSign(signed, advSecret),
    }).finish();
  }

  async #begin(device) {
    const { registrationId, identity, signed, once } = device.bundle;
    const key = once.shift();
    await new libsignal.SessionBuilder(this.#store, address(device)).initOutgoing({
      registrationId,
      identityKey: generateSignalPubKey(identity),
      signedPreKey: {
        keyId: signed.keyId,
        publicKey: generateSignalPubKey(signed.publicKey),
        signature: signed.signature,
      },
      preKey: key && { keyId: key.keyId, publicKey: generateSignalPubKey(key.publicKey) },
    });
  }

  // For a message that is tried with every session there is.
  get #choosingStore() {
    return {
      ...this.#store,
      storeSession: async (id, record) => {
        this.#sessions.set(id, unspoiled(this.#sessions.get(id), record.serialize()));
      },
    };
  }

  get #store() {
    return {
      loadSession: async (id) => {
        const kept = this.#sessions.get(id);
        return kept && libsignal.SessionRecord.deserialize(kept);
      },
      storeSession: async (id, record) => {
        this.#sessions.set(id, record.serialize());
      },
      isTrustedIdentity: async () => true,
      loadPreKey: async (id) => this.#once.get(Number(id)),
      removePreKey: async () => {},
      loadSignedPreKey: async () => this.#signed.keyPair,
      getOurRegistrationId: async () => this.#registration,
      getOurIdentity: async () => this.identity,
    };
  }
}

const address = ({ user, id }) => new libsignal.ProtocolAddress(user, id);

// The server's half of WhatsApp's Noise XX handshake, and the frames after it.
// A frame is a big-endian length of 3 bytes and that many bytes; the client's first one comes
// after an introduction: WA\x06\x03, before it perhaps routing data marked ED.

import { createHash } from 'node:crypto';
import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  hkdf,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
} from 'baileys';

const YEAR = 31_536_000;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const nothing = Buffer.alloc(0);

// A root signs an intermediate (issuerSerial 0), which signs the server's static key.
const serverKey = Curve.generateKeyPair();
const certificates = (() => {
  const root = Curve.generateKeyPair(),
    intermediate = Curve.generateKeyPair();
  const notBefore = Math.floor(Date.now() / 1000) - YEAR;
  const sign = (issuer, serial, issuerSerial, key) => {
    const details = proto.CertChain.NoiseCertificate.Details.encode({
      serial,
      issuerSerial,
      key,
      notBefore,
      notAfter: notBefore + 2 * YEAR,
    }).finish();
    return { details, signature: Curve.sign(issuer.private, details) };
  };
  return proto.CertChain.encode({
    intermediate: sign(root, 1, 0, intermediate.public),
    leaf: sign(intermediate, 2, 1, serverKey.public),
  }).finish();
})();

const nonce = (count) => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(count, 8);
  return bytes;
};

export class Noise {
  #buffer = nothing;
  #introduced = false;
  #hash;
  #salt;
  #key;
  #count = 0;
  #ephemeral = null;
  #transport = null;

  constructor() {
    this.#hash = Buffer.from(NOISE_MODE); // 32 bytes, so it is its own hash
    this.#salt = this.#key = this.#hash;
    this.#mixHash(NOISE_WA_HEADER);
  }

  /** Bytes of the socket into whole frames. */
  frames(bytes) {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    if (!this.#introduced) this.#introduce();
    const whole = [];
    while (this.#introduced && this.#buffer.length >= 3) {
      const length = this.#buffer.readUIntBE(0, 3);
      if (this.#buffer.length < 3 + length) break;
      whole.push(this.#buffer.subarray(3, 3 + length));
      this.#buffer = this.#buffer.subarray(3 + length);
    }
    return whole;
  }

  /** ClientHello in, the frame to answer with out. */
  hello(frame) {
    const { ephemeral } = proto.HandshakeMessage.decode(frame).clientHello;
    this.#ephemeral = Curve.generateKeyPair();
    this.#mixHash(ephemeral);
    this.#mixHash(this.#ephemeral.public);
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, ephemeral));
    const key = this.#seal(serverKey.public);
    this.#mixKey(Curve.sharedKey(serverKey.private, ephemeral));
    const payload = this.#seal(certificates);
    return this.wrap(
      proto.HandshakeMessage.encode({
        serverHello: { ephemeral: this.#ephemeral.public, static: key, payload },
      }).finish(),
    );
  }

  /** ClientFinish in, who the client says it is out; from here on frames are encrypted. */
  finish(frame) {
    const { static: key, payload } = proto.HandshakeMessage.decode(frame).clientFinish;
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, this.#open(key)));
    const client = proto.ClientPayload.decode(this.#open(payload));
    const keys = hkdf(nothing, 64, { salt: this.#salt, info: '' });
    this.#transport = { in: keys.subarray(0, 32), out: keys.subarray(32), received: 0, sent: 0 };
    return client;
  }

  /** What an encrypted frame holds. */
  decrypt(frame) {
    return aesDecryptGCM(frame, this.#transport.in, nonce(this.#transport.received++), nothing);
  }

  /** An encrypted frame of these bytes. */
  encrypt(bytes) {
    return this.wrap(
      aesEncryptGCM(bytes, this.#transport.out, nonce(this.#transport.sent++), nothing),
    );
  }

  wrap(bytes) {
    const frame = Buffer.alloc(3 + bytes.length);
    frame.writeUIntBE(bytes.length, 0, 3);
    Buffer.from(bytes).copy(frame, 3);
    return frame;
  }

  #introduce() {
    if (this.#buffer.length < 7) return;
    const skip =
      this.#buffer.subarray(0, 2).toString() === 'ED' ? 7 + this.#buffer.readUIntBE(4, 3) : 0;
    if (this.#buffer.length < skip + 4) return;
    if (this.#buffer.subarray(skip, skip + 2).toString() !== 'WA')
      throw new Error('not a WhatsApp client');
    this.#buffer = this.#buffer.subarray(skip + 4);
    this.#introduced = true;
  }

  #mixHash(bytes) {
    this.#hash = sha256(Buffer.concat([this.#hash, Buffer.from(bytes)]));
  }

  #mixKey(material) {
    const keys = hkdf(Buffer.from(material), 64, { salt: this.#salt, info: '' });
    this.#salt = keys.subarray(0, 32);
    this.#key = keys.subarray(32);
    this.#count = 0;
  }

  #seal(bytes) {
    const sealed = aesEncryptGCM(bytes, this.#key, nonce(this.#count++), this.#hash);
    this.#mixHash(sealed);
    return sealed;
  }

  #open(sealed) {
    const bytes = aesDecryptGCM(sealed, this.#key, nonce(this.#count++), this.#hash);
    this.#mixHash(sealed);
    return bytes;
  }
}

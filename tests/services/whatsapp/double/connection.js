// One client on the server: handshake, pairing or login, then its stanzas.

import { randomBytes } from 'node:crypto';
import {
  getBinaryNodeChild as child,
  getBinaryNodeChildren as children,
  decodeBinaryNode,
  encodeBinaryNode,
} from 'baileys';
import { answer } from './answers.js';
import { Noise } from './noise.js';
import { Device } from './world.js';

const SERVER = '@s.whatsapp.net';
const REFS = 6; // QR codes a client may show one after the other
const READ_MS = 100; // a customer reads a little after the message was delivered

const now = () => String(Math.floor(Date.now() / 1000));
const receiptKey = (id, type = 'delivery') => `${id} ${type}`;
const removed = { tag: 'conflict', attrs: { type: 'device_removed' } };
const replaced = { tag: 'conflict', attrs: { type: 'replaced' } };

export class Connection {
  #socket;
  #world;
  #noise = new Noise();
  #step = 0;
  #device = null;
  #pairing = null;
  #work = Promise.resolve();

  constructor(socket, world) {
    this.#socket = socket;
    this.#world = world;
    socket.on('message', (bytes) => {
      this.#work = this.#work
        .then(() => this.#read(bytes))
        .catch((error) => {
          process.stderr.write(`double: ${error.stack}\n`);
          socket.terminate();
        });
    });
    socket.on('close', () => this.#gone());
  }

  send(node) {
    if (this.#socket.readyState === 1)
      this.#socket.send(this.#noise.encrypt(encodeBinaryNode(node)));
  }

  /** End the stream as WhatsApp does: with a code, or with a conflict. */
  end(code, content = []) {
    this.send({ tag: 'stream:error', attrs: code ? { code: String(code) } : {}, content });
    this.#socket.close();
  }

  /** As a network does. */
  terminate() {
    this.#socket.terminate();
  }

  unlink() {
    this.end(401, [removed]);
  }

  /** A phone scanned the code of this connection: `[ref, noise, identity, advSecret]`. */
  scan([, , identity, advSecret], phone) {
    const device = new Device(phone);
    const id = 'pair-success';
    this.#pairing = { id, device };
    this.send({
      tag: 'iq',
      attrs: { from: SERVER, type: 'set', id, t: now(), xmlns: 'md' },
      content: [
        {
          tag: 'pair-success',
          attrs: {},
          content: [
            {
              tag: 'device-identity',
              attrs: {},
              content: phone.vouch(
                Buffer.from(identity, 'base64'),
                Buffer.from(advSecret, 'base64'),
              ),
            },
            { tag: 'device', attrs: { jid: device.jid, lid: device.lid } },
            { tag: 'platform', attrs: { name: 'android' } },
          ],
        },
      ],
    });
  }

  async #read(bytes) {
    for (const frame of this.#noise.frames(Buffer.from(bytes))) {
      this.#step += 1;
      if (this.#step === 1) this.#socket.send(this.#noise.hello(frame));
      else if (this.#step === 2) this.#enter(this.#noise.finish(frame));
      else await this.#stanza(await decodeBinaryNode(this.#noise.decrypt(frame)));
    }
  }

  #enter(client) {
    if (client.devicePairingData) return this.#offerCodes();
    const user = String(client.username);
    const device = this.#world.devices.get(user);
    const refusal = this.#world.refusals.get(user) ?? (device?.id === client.device ? null : 401);
    if (refusal) {
      this.send({ tag: 'failure', attrs: { reason: String(refusal), location: 'double' } });
      return this.#socket.close();
    }
    device.logins += 1;
    if (device.connection) device.replaced += 1;
    device.connection?.end(null, [replaced]);
    this.#device = device;
    device.connection = this;
    this.send({
      tag: 'success',
      attrs: { t: now(), props: '0', location: 'double', lid: device.lid },
    });
    const waiting = [...device.unreceived.values(), ...device.receipts.values()];
    for (const stanza of waiting)
      this.send({ ...stanza, attrs: { ...stanza.attrs, offline: '0' } });
    return this.send({
      tag: 'ib',
      attrs: { from: SERVER },
      content: [{ tag: 'offline', attrs: { count: String(waiting.length) } }],
    });
  }

  #offerCodes() {
    const refs = Array.from({ length: REFS }, () => `2@${randomBytes(72).toString('base64')}`);
    for (const ref of refs) this.#world.codes.set(ref, this);
    const content = refs.map((ref) => ({ tag: 'ref', attrs: {}, content: Buffer.from(ref) }));
    this.send({
      tag: 'iq',
      attrs: { from: SERVER, type: 'set', id: 'pair-device', xmlns: 'md' },
      content: [{ tag: 'pair-device', attrs: {}, content }],
    });
  }

  async #stanza(node) {
    if (node.tag === 'iq') this.#iq(node);
    else if (node.tag === 'message') await this.#message(node);
    else if (node.tag === 'receipt') await this.#receipt(node);
    else if (node.tag === 'ack') this.#taken(node);
  }

  #taken({ attrs: { class: what, id, type } }) {
    if (what === 'message') this.#device.unreceived.delete(id); // refused for good
    if (what === 'receipt') this.#device.receipts.delete(receiptKey(id, type));
  }

  #iq(node) {
    const { id, type } = node.attrs;
    if (type === 'result' && id === this.#pairing?.id) {
      this.#world.devices.set(this.#pairing.device.user, this.#pairing.device);
      return this.end(515);
    }
    if (type !== 'get' && type !== 'set') return undefined;
    if (this.#world.mute.xmlns === node.attrs.xmlns) {
      this.#world.mute.held.push(() => this.#iq(node));
      return undefined;
    }
    const content = answer(node, this.#device, this.#world);
    this.send({
      tag: 'iq',
      attrs: { from: SERVER, type: 'result', id },
      ...(content ? { content } : {}),
    });
    if (child(node, 'remove-companion-device')) {
      this.#world.devices.delete(this.#device.user);
      this.unlink();
    }
    return undefined;
  }

  async #message(node) {
    if (this.#world.deaf) return;
    const { id, to } = node.attrs;
    this.#device.sent.push(id);
    this.send({ tag: 'ack', attrs: { class: 'message', id, from: to, t: now() } });
    const parts = child(node, 'participants');
    const parcels = parts
      ? children(parts, 'to').map((part) => [part.attrs.jid, child(part, 'enc')])
      : [[to, child(node, 'enc')]];
    for (const [jid, enc] of parcels) {
      const phone = this.#world.find(jid);
      const message = await phone.decrypt(this.#device, enc).catch(() => null);
      if (!message) {
        this.askAgain(phone, id);
        continue;
      }
      if (phone === this.#device.phone || phone.inbox.some((known) => known.id === id)) continue;
      phone.inbox.push({ id, from: this.#device.user, message: message.toJSON() });
      this.#sendReceipt({ from: to, id, t: now() });
      setTimeout(() => this.#sendReceipt({ from: to, id, type: 'read', t: now() }), READ_MS);
    }
  }

  /** A phone asks for a message of this device again, as phones do with what they can't decrypt. */
  askAgain(phone, id) {
    this.#device.askedAgain.push(id);
    const retry = { tag: 'retry', attrs: { count: '1', id, t: now(), v: '1' } };
    this.#sendReceipt({ from: `${phone.user}${SERVER}`, id, type: 'retry', t: now() }, [
      retry,
      phone.registrationNode,
    ]);
  }

  // A receipt is kept until the device has taken it: the connection may break under it.
  #sendReceipt(attrs, content) {
    const receipt = { tag: 'receipt', attrs, ...(content ? { content } : {}) };
    this.#device.receipts.set(receiptKey(attrs.id, attrs.type), receipt);
    this.#device.connection?.send(receipt);
  }

  async #receipt({ attrs: { id, type } }) {
    const message = this.#device.unreceived.get(id);
    if (!message) return;
    if (type === 'retry') {
      if (message.isLost) return; // the phone that had it is off
      message.phone.renew(this.#device);
      message.content = [await message.phone.encrypt(this.#device, message.plain)];
      this.send(message);
    } else if (type !== 'read') {
      this.#device.unreceived.delete(id);
    }
  }

  #gone() {
    for (const [ref, connection] of this.#world.codes)
      if (connection === this) this.#world.codes.delete(ref);
    if (this.#device?.connection === this) this.#device.connection = null;
  }
}

/**
 * A message of a customer to a bot, or of the bot's own phone (`fromMe`) to a customer. A `slow`
 * one is on its way until it is sent again. One that is `damaged` can't be decrypted until it is
 * asked for again, one that is `lost` not then either; `unavailable` says why there is nothing in it.
 */
export async function deliver(
  device,
  customer,
  { id, message, fromMe = false, lid = false, slow = false, ...fault },
) {
  const phone = fromMe ? device.phone : customer;
  const address = lid ? `${customer.lid}@lid` : `${customer.user}${SERVER}`;
  const plain = fromMe ? { deviceSentMessage: { destinationJid: address, message } } : message;
  const attrs = fromMe
    ? { from: `${device.user}${SERVER}`, recipient: address, id, t: now(), type: 'text' }
    : { from: address, ...other(customer, lid), id, t: now(), notify: customer.name, type: 'text' };
  const stanza = {
    tag: 'message',
    attrs,
    content: fault.unavailable
      ? [{ tag: 'unavailable', attrs: { type: fault.unavailable } }]
      : [await phone.encrypt(device, plain)],
    phone,
    plain,
    isLost: fault.lost,
  };
  if (fault.damaged || fault.lost) stanza.content[0].content.reverse();
  device.unreceived.set(id, stanza);
  if (!slow) device.connection?.send(stanza);
}

const other = ({ user, lid }, byLid) =>
  byLid
    ? { sender_pn: `${user}${SERVER}`, addressing_mode: 'lid' }
    : { sender_lid: `${lid}@lid`, addressing_mode: 'pn' };

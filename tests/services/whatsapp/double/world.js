// Who is there: phones, the device linked to each, and the codes waiting to be scanned.

import { jidDecode } from 'baileys';
import { Phone } from './phones.js';

const FIRST_LID = 100_000_000_000_001;

/** A linked device: a bot, as WhatsApp's server knows it. */
export class Device {
  id = 1;
  bundle = null;
  connection = null;
  unreceived = new Map(); // message id → how to send it again: no receipt came yet
  receipts = new Map(); // id and type → one the device has not acknowledged
  sent = []; // ids of the device's own messages, in the order they came
  askedAgain = []; // ids of those a phone asked for again
  logins = 0;
  replaced = 0; // times a login ended a connection that was there

  constructor(phone) {
    this.phone = phone;
    this.user = phone.user;
    this.jid = `${phone.user}:${this.id}@s.whatsapp.net`;
    this.lid = `${phone.lid}:${this.id}@lid`;
  }
}

export class World {
  devices = new Map(); // user → Device
  codes = new Map(); // ref → the connection that shows it
  refusals = new Map(); // user → the code its next logins are refused with
  files = new Map(); // path → the encrypted file
  deaf = false; // takes messages, acknowledges none
  mute = { xmlns: null, held: [] }; // questions of this kind are answered later
  #phones = new Map();

  phone(user, name) {
    let phone = this.#phones.get(user);
    if (!phone) {
      phone = new Phone(user, name ?? user, FIRST_LID + this.#phones.size);
      this.#phones.set(user, phone);
    }
    if (name) phone.name = name;
    return phone;
  }

  /** Whose address this is, phone number or LID; null: nobody's. */
  find(jid) {
    const { user, server } = jidDecode(jid) ?? {};
    if (server === 'lid')
      return [...this.#phones.values()].find(({ lid }) => String(lid) === user) ?? null;
    return user ? this.phone(user) : null;
  }

  inboxes() {
    return Object.fromEntries([...this.#phones].map(([user, { inbox }]) => [user, inbox]));
  }
}

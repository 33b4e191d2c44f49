// node main.js: a WhatsApp server on a free port of this host, and HTTP to act as its phones.
// The first line on stdout is {"port": …}; it ends when stdin does.

import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { WebSocketServer } from 'ws';
import { Connection, deliver } from './connection.js';
import { sealFile } from './files.js';
import { World } from './world.js';

const world = new World();
const linked = (bot) => world.devices.get(bot) ?? fail(`no device is linked to ${bot}`);
const fail = (reason) => {
  throw new Error(reason);
};

const actions = {
  /** Scan a QR code as the phone `user`. */
  scan({ qr, user, name }) {
    const parts = qr.slice(qr.indexOf('#') + 1).split(',');
    const connection = world.codes.get(parts[0]) ?? fail('that code is not valid, or not any more');
    connection.scan(parts, world.phone(user, name));
  },
  /** A message to the bot; `message` is the JSON of a proto.Message, instead of a text. */
  async message({
    bot,
    from,
    name,
    text,
    message,
    id = `3EB0${randomBytes(9).toString('hex').toUpperCase()}`,
    ...how
  }) {
    await deliver(linked(bot), world.phone(from, name), {
      id,
      message: message ?? { conversation: text },
      ...how,
    });
    return { id };
  },
  /** `count` texts to the bot, as fast as they can be made: "0", "1", … */
  async burst({ bot, from, name, count }) {
    const phone = world.phone(from, name);
    for (let n = 0; n < count; n += 1)
      await deliver(linked(bot), phone, {
        id: `3EB0BURST${String(n).padStart(6, '0')}`,
        message: { conversation: String(n) },
      });
  },
  /** What the bot has not received yet, also if it was slow. */
  arrive({ bot }) {
    const { connection, unreceived } = linked(bot);
    for (const stanza of unreceived.values()) connection.send(stanza);
  },
  /** The phone `from` asks for the bot's message `id` again. */
  again({ bot, from, id }) {
    linked(bot).connection.askAgain(world.phone(from), id);
  },
  /** Keep a file as WhatsApp's media servers do; the fields of a message that name it. */
  async upload({ kind, base64, damaged = false }) {
    const file = await sealFile(kind, Buffer.from(base64, 'base64'));
    if (damaged) file.sealed[0] ^= 1;
    const directPath = `/v/${randomBytes(9).toString('hex')}`;
    world.files.set(directPath, file.sealed);
    return {
      directPath,
      mediaKey: file.mediaKey.toString('base64'),
      fileLength: String(file.length),
    };
  },
  /** The media servers have nothing any more: every link to a file is dead. */
  forget() {
    world.files.clear();
  },
  typing({ bot, from, state }) {
    linked(bot).connection.send({
      tag: 'chatstate',
      attrs: { from: `${from}@s.whatsapp.net` },
      content: [{ tag: state, attrs: {} }],
    });
  },
  unlink({ bot }) {
    const device = linked(bot);
    world.devices.delete(bot);
    device.connection?.unlink();
  },
  drop({ bot }) {
    linked(bot).connection?.terminate();
  },
  /** End the bot's stream with a code; 440 is a conflict: somebody else took its place. */
  end({ bot, code }) {
    linked(bot).connection?.end(
      code === 440 ? null : code,
      code === 440 ? [{ tag: 'conflict', attrs: { type: 'replaced' } }] : [],
    );
  },
  /** Refuse the bot's logins with a code; 0: no more. */
  refuse({ bot, code }) {
    if (code) world.refusals.set(bot, code);
    else world.refusals.delete(bot);
  },
  deaf({ on }) {
    world.deaf = on;
  },
  /** Questions of this kind are not answered; null: all are, those that wait first. */
  mute({ xmlns }) {
    const { held } = world.mute;
    world.mute = { xmlns, held: [] };
    for (const answerNow of held) answerNow();
  },
  state() {
    const devices = [...world.devices.values()].map(
      ({ user, connection, unreceived, sent, askedAgain, logins, replaced }) => ({
        user,
        logins,
        replaced,
        online: connection !== null,
        unreceived: [...unreceived.keys()],
        sent,
        askedAgain,
      }),
    );
    return { devices, inboxes: world.inboxes(), codes: world.codes.size };
  },
};

const server = http.createServer(async (request, response) => {
  if (request.method === 'GET') {
    const file = world.files.get(request.url);
    response.statusCode = file ? 200 : 404;
    return response.end(file);
  }
  if (request.method === 'PUT') {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    world.files.set(request.url, Buffer.concat(chunks));
    return response.end();
  }
  let text = '';
  for await (const chunk of request) text += chunk;
  try {
    const action = actions[request.url.slice(1)] ?? fail('no such action');
    const result = await action(text ? JSON.parse(text) : {});
    response.end(JSON.stringify(result ?? {}));
  } catch (error) {
    response.statusCode = 409;
    response.end(JSON.stringify({ error: error.message }));
  }
  return undefined;
});
new WebSocketServer({ server, path: '/ws/chat' }).on(
  'connection',
  (socket) => new Connection(socket, world),
);
server.listen(0, '127.0.0.1', () =>
  console.log(
    JSON.stringify({ port: /** @type {import('node:net').AddressInfo} */ (server.address()).port }),
  ),
);
process.stdin.resume().on('end', () => process.exit(0));

// Tells Pulso what happens in an existing Baileys service. Node 20, no packages.
//   PULSO_URL=http://127.0.0.1:8080  PULSO_TOKEN=$(python main.py token --sub baileys --publish --bots b1)
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

const waiting = []
let posting = null

/** Give one event to Pulso; events arrive in order, each once, also where Pulso is away for a while. */
export function emit(event) {
  waiting.push(event)
  posting ??= post().finally(() => { posting = null })
  return posting
}

async function post() {
  while (waiting.length) {
    const events = waiting.slice(0, 15), key = randomUUID() // 15 of 64 KiB fit a body; the same key again publishes nothing
    const headers = { authorization: `Bearer ${process.env.PULSO_TOKEN}`, 'content-type': 'application/json', 'idempotency-key': key }
    const send = () => fetch(`${process.env.PULSO_URL}/events`, { method: 'POST', headers, body: JSON.stringify(events) }).catch(() => null)
    let answer
    while (!(answer = await send()) || answer.status >= 500) await sleep(1000)
    if (!answer.ok) console.error('Pulso refused events:', answer.status, await answer.text())
    waiting.splice(0, events.length)
  }
}

/** Follow one bot's socket. `toImage` makes a data: URL of a QR's text, as `toDataURL` of npm's qrcode. */
export function follow(botId, socket, toImage) {
  socket.ev.on('connection.update', async ({ connection, qr, lastDisconnect }) => {
    if (qr) emit({ type: 'bot:qr', botId, qr: await toImage(qr), code: qr })
    if (connection === 'open') emit({ type: 'bot:connected', botId, user: { id: socket.user.id, name: socket.user.name ?? null } })
    if (connection === 'close') emit({ type: 'bot:disconnected', botId, statusCode: lastDisconnect?.error?.output?.statusCode ?? null })
  })
  socket.ev.on('messages.upsert', ({ messages, type }) => {
    for (const { key, message, pushName } of messages) {
      const content = message?.conversation ?? message?.extendedTextMessage?.text
      if (!content || type !== 'notify') continue
      const sessionId = `${botId}:${key.remoteJid}`
      if (key.fromMe) emit({ type: 'message:sent', botId, sessionId, content, messageId: key.id, origin: 'phone' })
      else emit({ type: 'message:received', botId, sessionId, message: { id: key.id, sessionId, content, fromMe: false, pushName } })
    }
  })
}

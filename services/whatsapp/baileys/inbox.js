// Messages, from a Baileys socket to the parent, each id once.
//
// Baileys tells WhatsApp that a message is here before it emits it, and while a connection
// settles (20 s after pairing) it holds back what it emits. A process killed in between would
// lose the message for good. So it is taken earlier: Baileys puts each decrypted message into
// its cache of recent ones just before it sends the receipt, and there it goes into the outbox.
// A kill before that costs nothing: without a receipt WhatsApp sends it again.

import { cleanMessage, decodeMessageNode } from 'baileys'
import { log } from './stdio.js'
import { toMessage } from './messages.js'

const NODES = 1000 // stanzas that may be waiting to be decrypted
const TURN_MS = 10_000 // a stanza that takes longer no longer holds up those behind it
const IDS = 4000 // messages remembered, to tell each once

export class Inbox {
  #tell
  #seen = new Set()

  /** `tell(message)` keeps and announces one message. */
  constructor(tell) {
    this.#tell = tell
  }

  /** Listen to one socket, before its connection is made. */
  attach(socket) {
    const nodes = new Map()
    inTurn(socket.ws, node => {
      nodes.set(node.attrs.id, node)
      if (nodes.size > NODES) nodes.delete(nodes.keys().next().value)
    })
    const recent = socket.messageRetryManager
    const addRecentMessage = recent.addRecentMessage.bind(recent)
    recent.addRecentMessage = (chatId, id, content) => {
      addRecentMessage(chatId, id, content)
      const node = nodes.get(id)
      nodes.delete(id)
      if (node) this.#decrypted(node, content, socket.authState.creds.me)
    }
    socket.ev.on('messages.upsert', ({ messages, type }) => {
      for (const info of messages) this.#take(info, type === 'notify')
    })
  }

  /** Ids told in an earlier life, or sent by ourselves. */
  know({ chatId, messageId }) {
    const key = `${chatId}\n${messageId}`
    if (this.#seen.has(key)) return true
    this.#seen.add(key)
    if (this.#seen.size > IDS) this.#seen.delete(this.#seen.values().next().value)
    return false
  }

  #decrypted(node, content, me) {
    const { fullMessage } = decodeMessageNode(node, me.id, me.lid ?? '')
    // A copy of the shell: Baileys goes on to clean its own.
    const info = { ...fullMessage, key: { ...fullMessage.key }, message: content }
    cleanMessage({ key: info.key }, me.id, me.lid ?? '')
    this.#take(info, !node.attrs.offline)
  }

  #take(info, live) {
    try {
      const message = toMessage(info, live)
      if (message && !this.know(message)) this.#tell(message)
    } catch (error) {
      log(`a message could not be read: ${error.message}`)
    }
  }
}

// Baileys looks up addresses before it queues a message for decryption, so a contact's first
// message can fall behind the second. One after the other they keep the order they came in.
function inTurn(ws, arrives) {
  const [handle] = ws.listeners('CB:message')
  ws.off('CB:message', handle)
  let turn = Promise.resolve()
  ws.on('CB:message', node => {
    arrives(node)
    turn = within(turn, TURN_MS).then(() => handle(node)).catch(error => log(`message: ${error.message}`))
  })
}

function within(promise, milliseconds) {
  let timer
  const late = new Promise(resolve => { timer = setTimeout(resolve, milliseconds) })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

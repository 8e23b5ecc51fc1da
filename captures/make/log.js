// Writes what an npm ws application sent and received, as JSON Lines.

import fs from 'node:fs'
import { createRequire } from 'node:module'
import { WebSocket } from 'ws'

const { version } = createRequire(import.meta.url)('ws/package.json')

// Everything outside ASCII is escaped, so that control characters and
// right-to-left overrides in the messages cannot disturb the log's reader.
export function jsonLine(entry) {
  const escape = c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')
  return JSON.stringify(entry).replace(/[\u007f-\uffff]/g, escape) + '\n'
}

// Returns a function that appends one entry to the log. It writes at once: the
// log is complete however the program ends.
export function openLog(path, side, sees) {
  const file = fs.openSync(path, 'w')
  const add = entry => fs.writeSync(file, jsonLine(entry))
  add({ app: `npm ws ${version}`, side, sees })
  return add
}

export function address(host, port) {
  host = host.replace('::ffff:', '') // an IPv4 address on a socket for both
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

// A WebSocket that notes each message that passes through its API. ws itself
// calls close() to answer a Close, so these answers are noted as well.
// A fragmented message is noted when its last fragment is sent.
export class LoggedWebSocket extends WebSocket {
  fragments = []

  startLog(add, client) {
    this.note = (dir, entry) => add({ client, dir, ...entry })
    add({ client, type: 'open', subprotocol: this.protocol, extensions: this.extensions })
    this.on('message', (data, isBinary) => this.note('received', dataEntry(isBinary, data)))
    this.on('pong', data => this.note('received', dataEntry('pong', data)))
    this.on('ping', data => {
      this.note('received', dataEntry('ping', data))
      // With autoPong ws would answer by itself and not tell.
      if (this.readyState === WebSocket.OPEN) this.pong(data)
    })
    this.on('close', (code, reason) => {
      // 1005 and 1006 never travel: they are the API's words for "a Close
      // without a code" and "the connection ended without a Close".
      if (code === 1006) this.note('received', { type: 'lost' })
      else this.note('received', closeEntry(code === 1005 ? undefined : code, reason))
    })
    this.on('error', () => {}) // a reset connection; 'close' follows
  }

  send(data, options = {}, ...rest) {
    const isBinary = options.binary ?? typeof data !== 'string'
    this.fragments.push(Buffer.from(data))
    if (options.fin ?? true) {
      this.note('sent', dataEntry(isBinary, Buffer.concat(this.fragments)))
      this.fragments = []
    }
    super.send(data, options, ...rest)
  }

  ping(data, ...rest) {
    this.note('sent', dataEntry('ping', data))
    super.ping(data, ...rest)
  }

  pong(data, ...rest) {
    this.note('sent', dataEntry('pong', data))
    super.pong(data, ...rest)
  }

  close(code, reason) {
    // A Close is sent once; later calls do nothing.
    if (this.readyState === WebSocket.OPEN) this.note?.('sent', closeEntry(code, reason))
    super.close(code, reason)
  }
}

function dataEntry(kind, data) {
  if (kind === false) return { type: 'text', text: data.toString() }
  return { type: kind === true ? 'binary' : kind, base64: Buffer.from(data).toString('base64') }
}

function closeEntry(code, reason) {
  return { type: 'close', code: code ?? null, reason: (reason ?? '').toString() }
}

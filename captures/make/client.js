// The npm ws client of the captures: node client.js SCENARIO URL LOG

import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { LoggedWebSocket, address, openLog } from './log.js'

const [scenario, url, logPath] = process.argv.slice(2)
const log = openLog(logPath, 'client', ['text', 'binary', 'ping', 'pong', 'close', 'refused'])
const texts = JSON.parse(fs.readFileSync(new URL('texts.json', import.meta.url)))

const clientOf = socket => address(socket.localAddress, socket.localPort)

// Resolves with the open connection, or with undefined if it was refused.
function open(path, options) {
  const ws = new LoggedWebSocket(url + path, { autoPong: false, perMessageDeflate: false, ...options })
  return new Promise((resolve, reject) => {
    ws.on('upgrade', response => {
      // Kept for the ways of closing that have no Close.
      ws.tcp = response.socket
    })
    ws.on('open', () => {
      ws.startLog(log, clientOf(ws.tcp))
      resolve(ws)
    })
    ws.on('unexpected-response', (request, response) => {
      noteRefusal(response)
      response.resume().on('end', () => resolve())
    })
    ws.on('error', reject)
  })
}

function noteRefusal(response) {
  log({ client: clientOf(response.socket), dir: 'received', type: 'refused', status: response.statusCode })
}

const scenarios = {
  // Each kind of text and some binaries; everything comes back.
  async talk() {
    const ws = await open('/echo')
    const binaries = [0, 1, 40, 130, 1000].map(length => Buffer.from({ length }, (_, i) => (i * i) >> 3))
    for (const message of [...texts, ...binaries]) {
      ws.send(message)
      await once(ws, 'message')
    }
    ws.ping('are you there?')
    await once(ws, 'pong')
    ws.close(1000, 'that was it')
    await once(ws, 'close')
  },

  // One connection for each way of closing, first by the client, then by the
  // server, which is told by the path.
  async closing() {
    const codes = [1000, 1001, 1003, 1008, 1011, 3000, 4999]
    const ways = {
      none: ws => ws.close(),
      long: ws => ws.close(1000, 'r'.repeat(123)),
      fin: ws => ws.tcp.end(),
      reset: ws => ws.tcp.resetAndDestroy(),
      // In the middle of a message, which therefore is in no log.
      unfinished: ws => {
        ws.send('the rest of this message ', { fin: false })
        ws.tcp.end()
      }
    }
    for (const code of codes) ways[code] = ws => ws.close(code, `client says ${code}`)
    for (const [way, close] of Object.entries(ways)) {
      const ws = await open('/echo')
      ws.send(`client closes: ${way}`)
      await once(ws, 'message')
      close(ws)
      await once(ws, 'close')
    }
    for (const way of [...codes, 'long', 'fin', 'reset']) {
      const ws = await open(`/close/${way}`)
      ws.send(`server closes: ${way}`)
      await once(ws, 'close')
    }
  },

  async refused() {
    for (const path of ['/login', '/forbidden', '/nowhere']) await open(path)

    // An ordinary request where only a WebSocket is served: 426.
    const [page] = await once(http.get(url.replace('ws:', 'http:') + '/echo', { agent: false }), 'response')
    noteRefusal(page)
    page.resume()

    // A version of the protocol that no server knows.
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': 99,
      'Sec-WebSocket-Key': Buffer.alloc(16, 'key').toString('base64')
    }
    const request = http.get(url.replace('ws:', 'http:') + '/echo', { headers, agent: false })
    const [response] = await once(request, 'response')
    noteRefusal(response)
    response.resume()

    // Two ordinary requests, and then a WebSocket, on one TCP connection.
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    for (const path of ['/hello', '/chunks']) {
      const [response] = await once(http.get(url.replace('ws:', 'http:') + path, { agent }), 'response')
      response.resume()
      await once(response, 'end')
      await sleep(20) // the connection returns to the agent
    }
    const ws = await open('/echo', { agent })
    ws.send('on a connection that was used before')
    await once(ws, 'message')
    ws.close(1000, 'not refused')
    await once(ws, 'close')
  }
}

setTimeout(() => process.exit(1), 60_000).unref()
await scenarios[scenario]()

// The npm ws server of the captures. What it does depends on the path.

import fs from 'node:fs'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { WebSocketServer } from 'ws'
import { LoggedWebSocket, address, jsonLine, openLog } from './log.js'

const { values: options } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8080' },
    log: { type: 'string' },
    'page-log': { type: 'string' }, // where a browser page's log goes
    deflate: { type: 'boolean', default: false }
  }
})
const log = openLog(options.log, 'server', ['text', 'binary', 'ping', 'pong', 'close'])
const here = name => new URL(name, import.meta.url)
const clientOf = request => address(request.socket.remoteAddress, request.socket.remotePort)

// Ordinary HTTP.

const server = http.createServer(async (request, response) => {
  const { method, url } = request
  if (method === 'POST' && url === '/log') {
    const entries = JSON.parse(await body(request))
    fs.writeFileSync(options['page-log'], entries.map(jsonLine).join(''))
    response.writeHead(204).end()
  } else if (method === 'POST') {
    response.end(`You posted ${(await body(request)).length} bytes.\n`)
  } else if (url === '/') {
    response.setHeader('Content-Type', 'text/html; charset=utf-8').end(fs.readFileSync(here('page.html')))
  } else if (url === '/texts.json') {
    response.setHeader('Content-Type', 'application/json').end(fs.readFileSync(here('texts.json')))
  } else if (url === '/hello') {
    response.setHeader('Content-Length', 6).end('Hello\n')
  } else if (url === '/chunks') {
    // Without a Content-Length, node sends a chunk for each write.
    for (const word of ['one\n', 'two\n', 'three\n']) {
      response.write(word)
      await sleep(20)
    }
    response.end()
  } else if (url === '/echo') {
    response.writeHead(426, { Upgrade: 'websocket' }).end('Use a WebSocket here.\n')
  } else {
    response.writeHead(404).end('No such page.\n')
  }
})

async function body(request) {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}

// WebSockets.

const refusals = { '/login': 401, '/forbidden': 403, '/nowhere': 404 }

const webSockets = new WebSocketServer({
  server,
  WebSocket: LoggedWebSocket,
  autoPong: false, // LoggedWebSocket answers, and notes it
  perMessageDeflate: options.deflate && { threshold: 0 },
  verifyClient({ req }, done) {
    const status = refusals[req.url]
    if (!status) return done(true)
    log({ client: clientOf(req), dir: 'sent', type: 'refused', status })
    done(false, status, `${status}: not you, not here.\n`, { 'X-Reason': 'a capture' })
  },
  handleProtocols(offered, request) {
    return request.url === '/no-subprotocol' ? false : [...offered][1]
  }
})

webSockets.on('connection', (ws, request) => {
  ws.startLog(log, clientOf(request))
  if (request.url === '/one-more') {
    // Answers with something one byte longer, sent once, not echoed: big
    // messages stay few.
    ws.on('message', data => ws.send(Buffer.concat([data, Buffer.from('!')])))
  } else if (request.url === '/fragments') {
    sendFragments(ws)
  } else if (request.url === '/who-am-i') {
    // A page cannot know its own port, so the first message tells it.
    ws.send(clientOf(request))
    ws.on('message', (data, isBinary) => ws.send(isBinary ? data : data.toString()))
  } else {
    ws.on('message', (data, isBinary) => ws.send(isBinary ? data : data.toString()))
  }
})

async function sendFragments(ws) {
  const fragment = async (data, more) => {
    ws.send(data, { fin: false, ...more })
    await sleep(5) // lets the client's frames come in between
  }
  await fragment('Three ')
  await fragment('fragments ')
  ws.send('of text')

  await fragment('')
  ws.ping('')
  await fragment('empty ones')
  ws.pong('nobody asked for this pong')
  await fragment('')
  ws.ping('p'.repeat(125))
  ws.send('')

  // An emoji whose four bytes arrive one by one.
  for (const byte of Buffer.from('\u{1f40c}')) await fragment(Buffer.of(byte), { binary: false })
  ws.send(Buffer.from(' snail'), { binary: false })

  for (let i = 0; i < 40; i++) {
    await fragment(Buffer.alloc(i, i))
    if (i % 10 === 0) ws.ping(`after ${i}`)
  }
  ws.send(Buffer.of(255))

  if (options.deflate) {
    // ws may leave single messages of a compressing connection uncompressed.
    ws.send('not compressed, not compressed, not compressed', { compress: false })
  }
  ws.send('That is all.')
}

server.listen(Number(options.port), options.host, () => console.log('ready'))
setTimeout(() => process.exit(1), 90_000) // never stays behind

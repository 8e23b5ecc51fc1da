// The same twenty price updates, in the same rhythm, by polling, long polling, server-sent events
// and WebSocket, each on a port of its own. The page is in transports.html.

import fs from 'node:fs'
import http from 'node:http'
import { parseArgs } from 'node:util'
import { WebSocketServer } from 'ws'
import { LoggedWebSocket, address, jsonLine, openLog } from './log.js'

const { values: options } = parseArgs({
  options: { log: { type: 'string' }, 'page-log': { type: 'string' } }
})
const log = openLog(options.log, 'server', ['text', 'binary', 'ping', 'pong', 'close'])
const page = fs.readFileSync(new URL('transports.html', import.meta.url))

const pauses = [300, 1900, 200, 700, 1400, 100, 2100, 900, 600, 1800] // milliseconds, then again
const count = 20

// A source of updates: it begins with the first who asks, so that all transports have one rhythm.
function source() {
  const updates = []
  const listeners = new Set()
  let running = false
  const publish = () => {
    const price = (100 + ((updates.length * 37) % 50) / 4).toFixed(2)
    updates.push({ event: 'price_updated', symbol: 'WSK', price, at: Date.now() })
    for (const listener of [...listeners]) listener()
    if (updates.length < count) setTimeout(publish, pauses[updates.length % pauses.length])
  }
  return {
    updates,
    listeners,
    start() {
      if (!running) setTimeout(publish, pauses[0])
      running = true
    }
  }
}

function json(response, value) {
  response.setHeader('Content-Type', 'application/json')
  response.setHeader('Cache-Control', 'no-store')
  response.end(JSON.stringify(value))
}

const after = request => Number(new URL(request.url, 'http://x').searchParams.get('after'))

function polling(from, request, response) {
  json(response, from.updates.slice(after(request)))
}

function longPolling(from, request, response) {
  const answer = () => {
    if (from.updates.length <= after(request)) return
    from.listeners.delete(answer)
    json(response, from.updates.slice(after(request)))
  }
  from.listeners.add(answer)
  answer()
}

function serverSentEvents(from, request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  from.listeners.add(() => response.write(`data: ${JSON.stringify(from.updates.at(-1))}\n\n`))
}

function serve(port, answer) {
  const from = source()
  const server = http.createServer((request, response) => {
    if (request.url.startsWith('/updates') && answer) {
      from.start()
      answer(from, request, response)
    } else {
      // The page has a connection of its own: what follows is the transport's.
      response.setHeader('Connection', 'close')
      response.setHeader('Content-Type', 'text/html; charset=utf-8')
      response.end(page)
    }
  })
  server.listen(port, '127.0.0.1')
  return { from, server }
}

serve(8081, polling)
serve(8082, longPolling)
serve(8083, serverSentEvents)

const push = serve(8084)
new WebSocketServer({ server: push.server, WebSocket: LoggedWebSocket, perMessageDeflate: false }).on(
  'connection',
  (ws, request) => {
    const client = address(request.socket.remoteAddress, request.socket.remotePort)
    ws.startLog(log, client)
    push.from.start()
    push.from.listeners.add(() => ws.send(JSON.stringify(push.from.updates.at(-1))))
    fs.writeFileSync(options.log + '.client', client) // the page cannot know its own port
  }
)

// The page that holds the four others, and the place of its log.
http
  .createServer(async (request, response) => {
    if (request.method === 'POST') {
      const pieces = []
      for await (const piece of request) pieces.push(piece)
      const client = fs.readFileSync(options.log + '.client', 'utf8')
      fs.rmSync(options.log + '.client')
      const [first, ...entries] = JSON.parse(Buffer.concat(pieces))
      const lines = [first, ...entries.map(entry => ({ client, ...entry }))]
      fs.writeFileSync(options['page-log'], lines.map(jsonLine).join(''))
      response.writeHead(204).end()
    } else {
      const frame = port => `<iframe src="http://127.0.0.1:${port}/"></iframe>`
      response.setHeader('Content-Type', 'text/html')
      response.end(
        `<!DOCTYPE html><link rel="icon" href="data:,">${[8081, 8082, 8083, 8084].map(frame).join('')}
        <script>onmessage = event => fetch('/log', { method: 'POST', body: event.data })</script>`
      )
    }
  })
  .listen(8080, '127.0.0.1', () => console.log('ready'))
setTimeout(() => process.exit(1), 90_000) // never stays behind

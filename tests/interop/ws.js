// npm ws as a peer: ws.js server plain|deflate, ws.js client plain|deflate PORT [PATH [LARGEST]].
// See peer_test.cc, and tests/lessons/peers_test.py.
import { WebSocket, WebSocketServer } from 'ws'

const limit = 16 << 20
const [role, mode, port, path = '/', largest = limit] = process.argv.slice(2)
const sizes = [1, 125, 126, 65535, 65536, 1 << 20, limit].filter(size => size <= largest)
const options = { perMessageDeflate: mode === 'deflate' && { threshold: 0 }, maxPayload: limit }
setTimeout(() => process.exit(3), 60_000).unref() // never stays behind

function serve() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options })
  server.on('listening', () => console.log(`listening on 127.0.0.1:${server.address().port}`))
  server.on('connection', ws => {
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }))
    ws.on('error', error => console.error(`ws: ${error.message}`))
  })
}

function fail(what) {
  console.error(`ws: ${what}`)
  process.exit(1)
}

function talk() {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, options)
  const next = name => new Promise(resolve => ws.once(name, (...args) => resolve(args)))
  ws.on('error', error => fail(error.message))
  ws.on('open', async () => {
    if (mode === 'deflate' && !ws.extensions.includes('deflate')) fail('not compressed')
    for (const size of sizes) {
      for (const binary of [false, true]) {
        const payload = Buffer.from(Uint8Array.from({ length: size }, (_, i) => 97 + ((i * i >> 3) & 15)))
        if (binary) payload[0] = 255
        ws.send(payload, { binary })
        const [echo, isBinary] = await next('message')
        if (isBinary !== binary || !payload.equals(echo)) fail(`the echo of ${size} differs`)
      }
    }
    ws.send('two ', { fin: false })
    ws.ping('there?')
    ws.send('fragments')
    const [[pong], [text]] = await Promise.all([next('pong'), next('message')])
    if (`${pong} ${text}` !== 'there? two fragments') fail(`got ${pong} ${text}`)
    ws.close(1000, 'done')
    const [code] = await next('close')
    process.exit(code === 1000 ? 0 : 1)
  })
}

role === 'server' ? serve() : talk()

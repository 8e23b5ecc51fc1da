// npm ws as members of a chat room: chat.js PORT MEMBERS SAY TOTAL. Each of them joins room:tea, and says SAY
// messages when a line comes on stdin. When each has heard TOTAL, one line of JSON: per member the ids it heard,
// in order. Then they leave; what each Close said is the second line. See tests/lessons/hub_peers_test.py.
import { WebSocket } from 'ws'
import { createInterface } from 'node:readline'

const [port, members, say, total] = process.argv.slice(2).map(Number)
setTimeout(() => process.exit(3), 60_000).unref() // never stays behind

function fail(what) {
  console.error(`ws: ${what}`)
  process.exit(1)
}

function member(n) {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/ws?name=ws${n}`, 'chat')
  const one = { ws, heard: [] }
  ws.on('error', error => fail(error.message))
  one.closed = new Promise(resolve => ws.once('close', resolve))
  one.joined = new Promise(resolve => {
    one.done = new Promise(done => {
      ws.on('message', (data, isBinary) => {
        const event = isBinary ? fail('a binary message') : JSON.parse(data)
        if (event.event === 'welcome') ws.send('{"do":"join","room":"room:tea"}')
        if (event.event === 'joined') resolve()
        if (event.event === 'error') fail(event.what)
        if (event.event === 'message_sent' && one.heard.push(event.id) === total) done()
      })
    })
  })
  one.talk = () => {
    for (let i = 0; i < say; i++)
      ws.send(JSON.stringify({ do: 'say', room: 'room:tea', text: `${n}.${i} Grüße 😀` }))
  }
  return one
}

const all = Array.from({ length: members }, (_, n) => member(n))
await Promise.all(all.map(one => one.joined))
if (all.some(one => one.ws.protocol !== 'chat')) fail('the subprotocol was not agreed on')
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  all.forEach(one => one.talk())
  break
}
await Promise.all(all.map(one => one.done))
console.log(JSON.stringify(all.map(one => one.heard)))
all.forEach(one => one.ws.close(1000, 'done'))
console.log(JSON.stringify(await Promise.all(all.map(one => one.closed))))
process.exit(0)

// A chat room on npm ws: what one says goes to all. A peer of lesson 07's hub: see hub.py.
const { WebSocketServer } = require('../interop/node_modules/ws')

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
server.on('listening', () => console.log(`listening on 127.0.0.1:${server.address().port}`))
server.on('connection', ws => {
  ws.on('message', (data, isBinary) => {
    for (const client of server.clients) client.send(data, { binary: isBinary })
  })
  ws.on('error', error => console.error(`hub_ws: ${error.message}`))
})

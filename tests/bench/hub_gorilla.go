// A chat room on gorilla/websocket, as its users write it: one goroutine owns the clients, each has
// one that reads and one that writes, and the writer sends all that is queued as one message, with
// newlines between. A peer of lesson 07's hub: see hub.py.
package main

import (
	"fmt"
	"net"
	"net/http"

	"github.com/gorilla/websocket"
)

type client struct {
	conn  *websocket.Conn
	queue chan []byte
}

var join, leave, said = make(chan *client), make(chan *client), make(chan []byte)
var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}

func room() {
	clients := map[*client]bool{}
	for {
		select {
		case c := <-join:
			clients[c] = true
		case c := <-leave:
			delete(clients, c)
			close(c.queue)
		case text := <-said:
			for c := range clients {
				select {
				case c.queue <- text:
				default:
					c.conn.Close() // too slow; its reader notices
				}
			}
		}
	}
}

func (c *client) write() {
	defer c.conn.Close()
	for text := range c.queue {
		w, err := c.conn.NextWriter(websocket.TextMessage)
		if err != nil {
			continue // until the queue is closed
		}
		w.Write(text)
		for more := len(c.queue); more > 0; more-- {
			w.Write([]byte{'\n'})
			w.Write(<-c.queue)
		}
		w.Close()
	}
}

func serve(w http.ResponseWriter, request *http.Request) {
	if conn, err := upgrader.Upgrade(w, request, nil); err == nil {
		c := &client{conn, make(chan []byte, 256)}
		join <- c
		go c.write()
		for _, text, err := conn.ReadMessage(); err == nil; _, text, err = conn.ReadMessage() {
			said <- text
		}
		leave <- c
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		fmt.Printf("listening on %s\n", listener.Addr())
		go room()
		err = http.Serve(listener, http.HandlerFunc(serve))
	}
	panic(err)
}

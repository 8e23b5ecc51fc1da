// gorilla/websocket as a peer: server plain|deflate, client plain|deflate PORT. See peer_test.cc.
package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

const limit = 16 << 20

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "gorilla:", err)
		os.Exit(1)
	}
}

func serve(deflate bool) {
	upgrader := websocket.Upgrader{EnableCompression: deflate}
	echo := func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		c.SetReadLimit(limit)
		for {
			kind, message, err := c.ReadMessage()
			if err != nil {
				return
			}
			if err = c.WriteMessage(kind, message); err != nil {
				return
			}
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Printf("listening on %s\n", listener.Addr())
	check(http.Serve(listener, http.HandlerFunc(echo)))
}

func expectEcho(c *websocket.Conn, kind int, message []byte) {
	gotKind, got, err := c.ReadMessage()
	check(err)
	if gotKind != kind || !bytes.Equal(got, message) {
		check(fmt.Errorf("the echo of %d bytes differs", len(message)))
	}
}

func talk(deflate bool, port string) {
	dialer := websocket.Dialer{EnableCompression: deflate}
	c, response, err := dialer.Dial("ws://127.0.0.1:"+port+"/", nil)
	check(err)
	if deflate && response.Header.Get("Sec-WebSocket-Extensions") == "" {
		check(fmt.Errorf("not compressed"))
	}
	for _, size := range []int{1, 125, 126, 65535, 65536, 1 << 20, limit} {
		message := make([]byte, size)
		for i := range message {
			message[i] = byte('a' + (i*i>>3)%26)
		}
		for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
			if kind == websocket.BinaryMessage {
				message[0] = 0xff
			}
			check(c.WriteMessage(kind, message))
			expectEcho(c, kind, message)
		}
	}
	ponged := false
	c.SetPongHandler(func(text string) error {
		ponged = text == "there?"
		return nil
	})
	check(c.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(time.Second)))
	check(c.WriteMessage(websocket.TextMessage, []byte("after the ping")))
	expectEcho(c, websocket.TextMessage, []byte("after the ping"))
	if !ponged {
		check(fmt.Errorf("no pong"))
	}
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "done")
	check(c.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second)))
	_, _, err = c.ReadMessage()
	if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		check(fmt.Errorf("not closed with 1000: %v", err))
	}
}

func main() {
	time.AfterFunc(60*time.Second, func() { os.Exit(3) }) // never stays behind
	deflate := os.Args[2] == "deflate"
	if os.Args[1] == "server" {
		serve(deflate)
	} else {
		talk(deflate, os.Args[3])
	}
}

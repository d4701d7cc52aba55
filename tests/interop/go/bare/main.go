// Load for a bare forwarder of datagrams: as many sockets, packets and rooms as `load` has, and nothing else.
//
// Usage: bare ADDRESS ROOMS SPEAKERS LISTENERS SECONDS
// A socket's first datagram is its room's number, two bytes; every further one begins with that too, and is for all others in the room.
// It says a line and waits for one at each step: `begin`, once all speak; `stop` SECONDS later. Then `end`, with the packets that came.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	frame = 20 * time.Millisecond
	// An RTP header with an audio level, 32 kbit/s of Opus, and what SRTP adds.
	packet = 20 + 80 + 16
)

var (
	counting atomic.Bool
	arrived  atomic.Int64
	input    = bufio.NewScanner(os.Stdin)
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func number(word string) int {
	n, err := strconv.Atoi(word)
	must(err)
	return n
}

func hear(socket net.Conn) {
	buffer := make([]byte, 1500)
	for {
		if _, err := socket.Read(buffer); err != nil {
			return
		}
		if counting.Load() {
			arrived.Add(1)
		}
	}
}

func speak(socket net.Conn, room uint16, offset time.Duration) {
	// Not all at once: voices are not in step.
	time.Sleep(offset)
	bytes := make([]byte, packet)
	binary.BigEndian.PutUint16(bytes, room)
	for range time.Tick(frame) {
		if _, err := socket.Write(bytes); err != nil {
			return
		}
	}
}

func say(words ...any) {
	fmt.Println(words...)
	input.Scan()
}

func main() {
	rooms, speakers, listeners := number(os.Args[2]), number(os.Args[3]), number(os.Args[4])
	type mouth struct {
		socket net.Conn
		room   uint16
	}
	var mouths []mouth
	for room := range rooms {
		for at := range speakers + listeners {
			socket, err := net.Dial("udp", os.Args[1])
			must(err)
			_, err = socket.Write(binary.BigEndian.AppendUint16(nil, uint16(room)))
			must(err)
			go hear(socket)
			if at < speakers {
				mouths = append(mouths, mouth{socket, uint16(room)})
			}
		}
	}
	for at, mouth := range mouths {
		go speak(mouth.socket, mouth.room, frame*time.Duration(at%20)/20)
	}
	time.Sleep(time.Second)
	say("begin")
	counting.Store(true)
	time.Sleep(time.Duration(number(os.Args[5])) * time.Second)
	counting.Store(false)
	say("stop")
	fmt.Println("end", arrived.Load())
}

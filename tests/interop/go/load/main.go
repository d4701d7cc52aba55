// Load for a room server: Pion clients that speak and hear packets of voice, without a codec.
//
// Usage: load URL TOKENS SPEAKERS LISTENERS SECONDS
// TOKENS is a file: for each room in turn the tokens of its speakers and then of its listeners, a line each. Those who speak hear
// as well. It says a line and waits for one at each step: `joined`, with quantiles of the joins in ms; `begin`, once all speak; `stop`
// SECONDS later. Then `end`, with the packets that came, those that were due, and quantiles of their way in µs. Quantiles: 50, 90, 99 %.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"github.com/pion/webrtc/v4"
	"google.golang.org/protobuf/proto"
)

const (
	frame = 20 * time.Millisecond
	// What 32 kbit/s of Opus take.
	payload = 80
	// Joins on their way at a time.
	joining = 4
)

var (
	started  = time.Now()
	counting atomic.Bool
	input    = bufio.NewScanner(os.Stdin)
	sent     atomic.Int64
	ears     sync.WaitGroup
	lock     sync.Mutex
	delays   []time.Duration
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

type client struct {
	socket *websocket.Conn
	writes sync.Mutex
	// What it offers, and what the server offers.
	up, down *webrtc.PeerConnection
	track    *webrtc.TrackLocalStaticRTP
	// The offer may go out once the track is announced; media flows both ways.
	published, connected chan struct{}
}

func (c *client) send(message *livekit.SignalRequest) {
	bytes, err := proto.Marshal(message)
	must(err)
	c.writes.Lock()
	defer c.writes.Unlock()
	c.socket.WriteMessage(websocket.BinaryMessage, bytes)
}

func (c *client) trickle(target livekit.SignalTarget) func(*webrtc.ICECandidate) {
	return func(candidate *webrtc.ICECandidate) {
		if candidate == nil {
			return
		}
		init, err := json.Marshal(candidate.ToJSON())
		must(err)
		trickle := &livekit.TrickleRequest{CandidateInit: string(init), Target: target}
		c.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Trickle{Trickle: trickle}})
	}
}

func connection(candidates func(*webrtc.ICECandidate), connected func()) *webrtc.PeerConnection {
	peer, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	must(err)
	peer.OnICECandidate(candidates)
	peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			connected()
		}
	})
	return peer
}

func join(url, token string, speaks bool) *client {
	header := http.Header{"Authorization": {"Bearer " + token}}
	socket, _, err := websocket.DefaultDialer.Dial(url+"/rtc?protocol=16&auto_subscribe=1&sdk=go", header)
	must(err)
	c := &client{socket: socket, published: make(chan struct{}), connected: make(chan struct{})}
	// Who speaks is connected when it can; who only listens, when it could hear.
	once := sync.OnceFunc(func() { close(c.connected) })
	nothing := func() {}
	ready := map[bool][2]func(){true: {once, nothing}, false: {nothing, once}}[speaks]
	c.up = connection(c.trickle(livekit.SignalTarget_PUBLISHER), ready[0])
	c.down = connection(c.trickle(livekit.SignalTarget_SUBSCRIBER), ready[1])
	c.down.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { ears.Go(func() { hear(track) }) })
	go c.read()
	go c.ping()
	if speaks {
		capability := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
		c.track, err = webrtc.NewTrackLocalStaticRTP(capability, "voice", "microphone")
		must(err)
		_, err = c.up.AddTrack(c.track)
		must(err)
		add := &livekit.AddTrackRequest{Cid: "voice", Name: "voice", Source: livekit.TrackSource_MICROPHONE, DisableRed: true}
		c.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_AddTrack{AddTrack: add}})
		<-c.published
		offer, err := c.up.CreateOffer(nil)
		must(err)
		must(c.up.SetLocalDescription(offer))
		description := &livekit.SessionDescription{Type: "offer", Sdp: offer.SDP, Id: 1}
		c.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Offer{Offer: description}})
	}
	select {
	case <-c.connected:
	case <-time.After(20 * time.Second):
		must(fmt.Errorf("a client did not connect in 20 s"))
	}
	return c
}

func (c *client) ping() {
	for range time.Tick(5 * time.Second) {
		ping := &livekit.Ping{Timestamp: time.Now().UnixMilli()}
		c.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_PingReq{PingReq: ping}})
	}
}

func (c *client) read() {
	for {
		_, bytes, err := c.socket.ReadMessage()
		if err != nil {
			return
		}
		response := &livekit.SignalResponse{}
		must(proto.Unmarshal(bytes, response))
		switch message := response.Message.(type) {
		case *livekit.SignalResponse_TrackPublished:
			close(c.published)
		case *livekit.SignalResponse_Answer:
			must(c.up.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: message.Answer.Sdp}))
		case *livekit.SignalResponse_Offer:
			must(c.down.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: message.Offer.Sdp}))
			answer, err := c.down.CreateAnswer(nil)
			must(err)
			must(c.down.SetLocalDescription(answer))
			description := &livekit.SessionDescription{Type: "answer", Sdp: answer.SDP, Id: message.Offer.Id}
			c.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Answer{Answer: description}})
		case *livekit.SignalResponse_Trickle:
			var init webrtc.ICECandidateInit
			must(json.Unmarshal([]byte(message.Trickle.CandidateInit), &init))
			peer := c.up
			if message.Trickle.Target == livekit.SignalTarget_SUBSCRIBER {
				peer = c.down
			}
			go add(peer, init)
		}
	}
}

// A candidate may be ahead of the description that it belongs to.
func add(peer *webrtc.PeerConnection, init webrtc.ICECandidateInit) {
	for peer.RemoteDescription() == nil && peer.ConnectionState() != webrtc.PeerConnectionStateClosed {
		time.Sleep(5 * time.Millisecond)
	}
	peer.AddICECandidate(init)
}

// A packet's payload begins with when it was sent.
func hear(track *webrtc.TrackRemote) {
	buffer := make([]byte, 1500)
	mine := make([]time.Duration, 0, 4096)
	defer func() {
		lock.Lock()
		delays = append(delays, mine...)
		lock.Unlock()
	}()
	for {
		length, _, err := track.Read(buffer)
		if err != nil {
			return
		}
		if length < 12+payload || !counting.Load() {
			continue
		}
		then := time.Duration(binary.BigEndian.Uint64(buffer[length-payload:]))
		mine = append(mine, time.Since(started)-then)
	}
}

func (c *client) speak(offset time.Duration) {
	// Not all at once: voices are not in step.
	time.Sleep(offset)
	packet := make([]byte, 12+payload)
	packet[0], packet[1] = 0x80, 111
	for number := uint16(0); ; number++ {
		binary.BigEndian.PutUint16(packet[2:], number)
		binary.BigEndian.PutUint32(packet[4:], uint32(number)*960)
		binary.BigEndian.PutUint64(packet[12:], uint64(time.Since(started)))
		if _, err := c.track.Write(packet); err != nil {
			return
		}
		if counting.Load() {
			sent.Add(1)
		}
		time.Sleep(time.Until(started.Add(offset + (time.Since(started) - offset).Truncate(frame) + frame)))
	}
}

func number(word string) int {
	n, err := strconv.Atoi(word)
	must(err)
	return n
}

func quantiles(durations []time.Duration, unit time.Duration) string {
	slices.Sort(durations)
	words := []string{}
	for _, share := range []float64{0.5, 0.9, 0.99} {
		value := 0.0
		if len(durations) > 0 {
			value = float64(durations[int(share*float64(len(durations)-1))]) / float64(unit)
		}
		words = append(words, fmt.Sprintf("%.1f", value))
	}
	return strings.Join(words, " ")
}

func say(words ...any) {
	fmt.Println(words...)
	input.Scan()
}

func main() {
	url := os.Args[1]
	bytes, err := os.ReadFile(os.Args[2])
	must(err)
	tokens := strings.Fields(string(bytes))
	speakers, listeners, seconds := number(os.Args[3]), number(os.Args[4]), number(os.Args[5])
	clients := make([]*client, len(tokens))
	took := make([]time.Duration, len(tokens))
	turns := make(chan struct{}, joining)
	var all sync.WaitGroup
	for at, token := range tokens {
		turns <- struct{}{}
		all.Go(func() {
			start := time.Now()
			clients[at] = join(url, token, at%(speakers+listeners) < speakers)
			took[at] = time.Since(start)
			<-turns
		})
	}
	all.Wait()
	say("joined", quantiles(took, time.Millisecond))
	voices := 0
	for at, c := range clients {
		if at%(speakers+listeners) < speakers {
			go c.speak(frame * time.Duration(voices%20) / 20)
			voices++
		}
	}
	// Subscriptions and first packets are over by then.
	time.Sleep(3 * time.Second)
	say("begin")
	counting.Store(true)
	time.Sleep(time.Duration(seconds) * time.Second)
	counting.Store(false)
	// Those on their way are counted as lost: a few of thousands.
	due := sent.Load() * int64(speakers+listeners-1)
	say("stop")
	for _, c := range clients {
		c.up.Close()
		c.down.Close()
	}
	// What each heard is put together as its connection ends.
	ears.Wait()
	fmt.Println("end", len(delays), due, quantiles(delays, time.Microsecond))
}

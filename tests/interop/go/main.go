// LiveKit's own Pion client (livekit-server/test/client) as a puppet: tests/interop/puppet.rs says how it is told what to do,
// tests/interop/features.rs what there is to do. It has no codec: what it speaks are Opus packets from a file, and what it hears
// it hands out as Opus packets.
//
// Usage: interop single|dual TONE, a file of packets of 20 ms, each behind its length in two bytes.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/livekit/livekit-server/pkg/sfu/buffer"
	"github.com/livekit/livekit-server/pkg/telemetry/prometheus"
	"github.com/livekit/livekit-server/test/client"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

const frame = 20 * time.Millisecond

// What features.rs asks whether this client can: it can the one, and not the other.
var abilities = map[string]error{
	"film":                  nil,
	"push frames":           nil,
	"choose layers":         none("LiveKit's Pion client cannot film in layers"),
	"be seen speaking":      none("LiveKit's Pion client cannot be seen speaking"),
	"send redundant copies": none("LiveKit's Pion client cannot send redundant copies"),
	"be called":             none("LiveKit's Pion client cannot be called"),
	"resume":                none("LiveKit's Pion client cannot resume"),
	"name topics":           none("LiveKit's Pion client has no topics of data"),
	"send media over TCP":   none("LiveKit's Pion client cannot send media over TCP"),
}

var reasons = map[livekit.DisconnectReason]string{
	livekit.DisconnectReason_DUPLICATE_IDENTITY:  "duplicate",
	livekit.DisconnectReason_PARTICIPANT_REMOVED: "removed",
	livekit.DisconnectReason_ROOM_DELETED:        "room closed",
	livekit.DisconnectReason_CLIENT_INITIATED:    "requested",
}

// A reason why this client has no such thing.
type none string

func (reason none) Error() string { return string(reason) }

var output sync.Mutex

func say(words ...string) {
	output.Lock()
	defer output.Unlock()
	for i, word := range words {
		words[i] = strings.ReplaceAll(word, "\n", " ")
	}
	fmt.Println(strings.Join(words, "\t"))
}

type puppet struct {
	single bool
	tone   [][]byte
	client *client.RTCClient
	given  string
	lock   sync.Mutex
	// The others, by id; and their muted tracks.
	others map[string]*livekit.ParticipantInfo
	own    string
}

func (p *puppet) seen(info *livekit.ParticipantInfo) {
	p.lock.Lock()
	before := p.others[info.Sid]
	p.others[info.Sid] = info
	p.lock.Unlock()
	if info.State == livekit.ParticipantInfo_DISCONNECTED {
		say("event", "left", info.Identity)
		return
	}
	if before == nil {
		say("event", "joined", info.Identity)
	}
	if before != nil {
		p.described(before, info)
	}
	for _, track := range info.Tracks {
		was := false
		for _, old := range before.GetTracks() {
			was = was || old.Sid == track.Sid && old.Muted
		}
		if was != track.Muted {
			say("event", "muted", info.Identity, map[bool]string{true: "1", false: "0"}[track.Muted])
		}
	}
}

// Tells what changed of what somebody says of itself.
func (p *puppet) described(before, now *livekit.ParticipantInfo) {
	if before.Name != now.Name {
		say("event", "name", now.Identity, now.Name)
	}
	if before.Metadata != now.Metadata {
		say("event", "metadata", now.Identity, now.Metadata)
	}
	changed := map[string]string{}
	for name, value := range now.Attributes {
		if before.Attributes[name] != value {
			changed[name] = value
		}
	}
	if len(changed) > 0 {
		text, _ := json.Marshal(changed)
		say("event", "attributes", now.Identity, string(text))
	}
}

// Whose id it is; ours has no name here.
func (p *puppet) identity(sid string) string {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.others[sid].GetIdentity()
}

func (p *puppet) describe(name, metadata, attributes string) error {
	update := &livekit.UpdateParticipantMetadata{Name: name, Metadata: metadata}
	if err := json.Unmarshal([]byte(attributes), &update.Attributes); err != nil {
		return err
	}
	return p.client.SendRequest(&livekit.SignalRequest{Message: &livekit.SignalRequest_UpdateMetadata{UpdateMetadata: update}})
}

func (p *puppet) response(response *livekit.SignalResponse, next client.SignalResponseHandler) error {
	switch message := response.Message.(type) {
	case *livekit.SignalResponse_Join:
		p.own = message.Join.Participant.Sid
		for _, other := range message.Join.OtherParticipants {
			p.seen(other)
		}
	case *livekit.SignalResponse_Update:
		for _, info := range message.Update.Participants {
			if info.Sid != p.own {
				p.seen(info)
			}
		}
	case *livekit.SignalResponse_ConnectionQuality:
		for _, update := range message.ConnectionQuality.Updates {
			say("event", "quality", p.identity(update.ParticipantSid), strings.ToLower(update.Quality.String()))
		}
	case *livekit.SignalResponse_SpeakersChanged:
		for _, speaker := range message.SpeakersChanged.Speakers {
			p.lock.Lock()
			other := p.others[speaker.Sid]
			p.lock.Unlock()
			if other != nil && speaker.Active {
				say("event", "speaking", other.Identity)
			}
		}
	case *livekit.SignalResponse_Leave:
		reason := reasons[message.Leave.Reason]
		if reason == "" {
			reason = message.Leave.Reason.String()
		}
		say("event", "closed", reason)
	}
	return next(response)
}

func (p *puppet) join(url, token string) error {
	options := &client.Options{AutoSubscribe: true, AutoSubscribeDataTrack: true, SignalResponseInterceptor: p.response}
	if p.single {
		options.RTCServicePath, options.UseJoinRequestQueryParam = "/rtc/v1", true
	}
	connection, err := client.NewWebSocketConn(url, token, options)
	if err != nil {
		return err
	}
	p.given, p.others = token, map[string]*livekit.ParticipantInfo{}
	if p.client, err = client.NewRTCClient(connection, p.single, options); err != nil {
		return err
	}
	p.client.OnDataReceived = func(data []byte, sid string) {
		say("event", "data", p.identity(sid), "", "unknown", string(data))
	}
	go func(its *client.RTCClient) { fmt.Fprintln(os.Stderr, "ended:", its.Run()) }(p.client)
	go func(its *client.RTCClient) {
		for its.SendPing() == nil {
			time.Sleep(5 * time.Second)
		}
	}(p.client)
	return p.client.WaitUntilConnected(15 * time.Second)
}

func (p *puppet) speak() error {
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "voice", "microphone")
	if err != nil {
		return err
	}
	if _, err = p.client.AddTrack(track, "", client.AddTrackNoWriter()); err != nil {
		return err
	}
	go func() {
		clock := time.NewTicker(frame)
		for at := 0; ; at++ {
			<-clock.C
			if track.WriteSample(media.Sample{Data: p.tone[at%len(p.tone)], Duration: frame}) != nil {
				return
			}
		}
	}()
	return nil
}

// Pictures of VP8 for somebody who looks at no more than their headers: each is a key frame of 320 x 180, with a number in the place
// of what is to be seen.
func (p *puppet) film() error {
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "film", "camera")
	if err != nil {
		return err
	}
	if _, err = p.client.AddTrack(track, "", client.AddTrackNoWriter()); err != nil {
		return err
	}
	go func() {
		clock := time.NewTicker(pictureTime)
		for number := uint32(0); ; number++ {
			<-clock.C
			if track.WriteSample(media.Sample{Data: picture(number), Duration: pictureTime}) != nil {
				return
			}
		}
	}()
	return nil
}

const pictureTime = 100 * time.Millisecond

// RFC 6386, 9.1: a tag of three bytes, a start code, the size.
func picture(number uint32) []byte {
	bytes := []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a}
	bytes = binary.LittleEndian.AppendUint16(bytes, 320)
	bytes = binary.LittleEndian.AppendUint16(bytes, 180)
	return binary.BigEndian.AppendUint32(bytes, number)
}

// Sees twenty pictures, each with a higher number than the one before.
func (p *puppet) watch(user string) ([]string, error) {
	var last *rtp.Packet
	var size []string
	var number uint32
	for end, seen := time.Now().Add(15*time.Second), 0; seen < 20; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			return nil, fmt.Errorf("%d pictures came in 15 s", seen)
		}
		other, err := p.find(user)
		if err != nil {
			return nil, err
		}
		packet := p.newest(other.Sid)
		if packet == nil || packet == last {
			continue
		}
		last = packet
		var vp8 codecs.VP8Packet
		bytes, err := vp8.Unmarshal(packet.Payload)
		if err != nil || len(bytes) < 14 {
			return nil, fmt.Errorf("no picture: %x, %w", packet.Payload, err)
		}
		now := binary.BigEndian.Uint32(bytes[10:])
		if seen > 0 && now <= number {
			return nil, fmt.Errorf("picture %d comes after picture %d", now, number)
		}
		number, seen = now, seen+1
		width, height := binary.LittleEndian.Uint16(bytes[6:]), binary.LittleEndian.Uint16(bytes[8:])
		size = []string{fmt.Sprint(width), fmt.Sprint(height)}
	}
	return size, nil
}

// Waits for twenty packets of somebody's data tracks: the client counts those that have the bytes which it would send.
func (p *puppet) pull(user string) ([]string, error) {
	other, err := p.find(user)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		for _, track := range p.client.SubscribedDataTracks()[livekit.ParticipantID(other.Sid)] {
			if track.NumReceivedPackets() >= 20 {
				return []string{"whole"}, nil
			}
		}
	}
	return nil, errors.New("no twenty whole packets came in 15 s")
}

func (p *puppet) simulate(scenario string) error {
	request := &livekit.SimulateScenario{}
	switch scenario {
	case "server-leave":
		request.Scenario = &livekit.SimulateScenario_ServerLeave{ServerLeave: true}
	default:
		return none("LiveKit's Pion client cannot resume")
	}
	return p.client.SendRequest(&livekit.SignalRequest{Message: &livekit.SignalRequest_Simulate{Simulate: request}})
}

// A packet of data: the client has no topics.
func (p *puppet) data(way, topic, text string) error {
	kind := livekit.DataPacket_RELIABLE
	if way == "lossy" {
		kind = livekit.DataPacket_LOSSY
	}
	if topic != "" {
		return abilities["name topics"]
	}
	return p.client.PublishData([]byte(text), kind)
}

// The others' newest packets. The client keeps them to itself, so they are looked at behind its back.
func (p *puppet) newest(sid string) *rtp.Packet {
	its := reflect.ValueOf(p.client).Elem()
	lock := (*sync.Mutex)(its.FieldByName("lock").Addr().UnsafePointer())
	lock.Lock()
	defer lock.Unlock()
	packets := *(*map[livekit.ParticipantID]*rtp.Packet)(unsafe.Pointer(its.FieldByName("lastPackets").UnsafeAddr()))
	return packets[livekit.ParticipantID(sid)]
}

// The client's buffers hand out 501 packets of a stream and then wait for ever (livekit-server, pkg/sfu/buffer: Write drops the oldest
// of them, and Read counts on). So they begin anew before somebody listens.
func (p *puppet) unblock(sid string) {
	for _, track := range p.client.SubscribedTracks()[livekit.ParticipantID(sid)] {
		receiver := reflect.ValueOf(track).Elem().FieldByName("receiver").Elem()
		stream := receiver.FieldByName("tracks").Index(0).FieldByName("rtpReadStream").Elem()
		its := (*buffer.Buffer)(stream.FieldByName("buffer").Elem().UnsafePointer())
		its.Lock()
		for _, name := range []string{"pPackets", "lastPacketRead"} {
			field := reflect.ValueOf(its).Elem().FieldByName(name)
			reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().SetZero()
		}
		its.Unlock()
	}
}

func (p *puppet) find(user string) (*livekit.ParticipantInfo, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, other := range p.others {
		if other.Identity == user && other.State != livekit.ParticipantInfo_DISCONNECTED {
			return other, nil
		}
	}
	return nil, errors.New("not in the room: " + user)
}

func (p *puppet) hear(user string) ([]string, error) {
	other, err := p.find(user)
	if err != nil {
		return nil, err
	}
	p.unblock(other.Sid)
	heard, last := []string{}, p.newest(other.Sid)
	for end := time.Now().Add(15 * time.Second); len(heard) < 75; time.Sleep(2 * time.Millisecond) {
		packet := p.newest(other.Sid)
		if packet != nil && packet != last && len(packet.Payload) > 1 {
			heard, last = append(heard, hex.EncodeToString(packet.Payload)), packet
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("%d packets came in 15 s", len(heard))
		}
	}
	return []string{"opus", strings.Join(heard, ",")}, nil
}

func (p *puppet) mute(muted bool) error {
	for _, sid := range p.client.GetPublishedTrackIDs() {
		request := &livekit.MuteTrackRequest{Sid: sid, Muted: muted}
		if err := p.client.SendRequest(&livekit.SignalRequest{Message: &livekit.SignalRequest_Mute{Mute: request}}); err != nil {
			return err
		}
	}
	return nil
}

func (p *puppet) subscribe(user string, wanted bool) error {
	other, err := p.find(user)
	if err != nil {
		return err
	}
	request := &livekit.UpdateSubscription{TrackSids: []string{other.Tracks[0].Sid}, Subscribe: wanted}
	return p.client.SendRequest(&livekit.SignalRequest{Message: &livekit.SignalRequest_Subscription{Subscription: request}})
}

func (p *puppet) obey(words []string) ([]string, error) {
	switch words[0] {
	case "join":
		return nil, p.join(words[1], words[2])
	case "leave":
		leave := &livekit.LeaveRequest{Reason: livekit.DisconnectReason_CLIENT_INITIATED}
		err := p.client.SendRequest(&livekit.SignalRequest{Message: &livekit.SignalRequest_Leave{Leave: leave}})
		p.client.Stop()
		return nil, err
	case "speak":
		return nil, p.speak()
	case "hear":
		return p.hear(words[1])
	case "mute":
		return nil, p.mute(words[1] == "1")
	case "subscribe":
		return nil, p.subscribe(words[1], words[2] == "1")
	case "data":
		return nil, p.data(words[1], words[2], words[3])
	case "text", "bytes":
		return nil, none("LiveKit's Pion client has no streams")
	case "token":
		if p.client.RefreshToken() == "" {
			return []string{"given"}, nil
		}
		return []string{"refreshed"}, nil
	case "call":
		return nil, none("LiveKit's Pion client cannot call")
	case "describe":
		return nil, p.describe(words[1], words[2], words[3])
	case "film":
		return nil, p.film()
	case "watch":
		return p.watch(words[1])
	case "push":
		_, err := p.client.PublishDataTrack()
		return nil, err
	case "pull":
		return p.pull(words[1])
	case "scenarios":
		return nil, none("LiveKit's Pion client cannot resume")
	case "simulate":
		return nil, p.simulate(words[1])
	case "can":
		reason, asked := abilities[words[1]]
		if !asked {
			return nil, errors.New("not known whether it can " + words[1])
		}
		return nil, reason
	}
	return nil, errors.New("no such command")
}

func packets(path string) (list [][]byte) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	for len(bytes) > 2 {
		end := 2 + int(binary.BigEndian.Uint16(bytes))
		list, bytes = append(list, bytes[2:end]), bytes[end:]
	}
	return list
}

func main() {
	logger.InitFromConfig(&logger.Config{Level: "debug"}, "pion")
	// The client is made of the server's parts, which count.
	if err := prometheus.Init("pion", livekit.NodeType_SERVER); err != nil {
		panic(err)
	}
	p := &puppet{single: os.Args[1] == "single", tone: packets(os.Args[2])}
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<24)
	for input.Scan() {
		results, err := p.obey(strings.Split(input.Text(), "\t"))
		var reason none
		switch {
		case err == nil:
			say(append([]string{"ok"}, results...)...)
		case errors.As(err, &reason):
			say("none", reason.Error())
		default:
			say("failed", err.Error())
		}
	}
}

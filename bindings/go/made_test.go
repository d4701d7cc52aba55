package stoa_test

import (
	"encoding/json"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"stoa.dev/stoa"
)

func TestErrorsAreSentences(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, stoa.EngineOptions{AppID: "go"})
	make := func(options stoa.ChannelOptions) error { return second(engine.NewChannel(options)) }
	for name, c := range map[string]struct {
		err, want error
		says      string
	}{
		"no app id":          {second(stoa.NewEngine(stoa.EngineOptions{})), stoa.ErrBadArgument, "app_id"},
		"threads":            {second(stoa.NewEngine(stoa.EngineOptions{AppID: "go", Threads: -1})), stoa.ErrBadArgument, "threads"},
		"ca_file":            {second(stoa.NewEngine(stoa.EngineOptions{AppID: "go", URL: "wss://127.0.0.1:1", CAFile: "/none"})), stoa.ErrBadArgument, "/none"},
		"no name":            {make(stoa.ChannelOptions{}), stoa.ErrBadArgument, "name"},
		"a zero byte":        {make(stoa.ChannelOptions{Name: "ago\x00ra"}), stoa.ErrBadUTF8, "name"},
		"no UTF-8":           {make(stoa.ChannelOptions{Name: "\xff"}), stoa.ErrBadUTF8, "name"},
		"user":               {make(stoa.ChannelOptions{Name: "a", User: strings.Repeat("u", 257)}), stoa.ErrBadArgument, "user"},
		"two identities":     {make(stoa.ChannelOptions{Name: "a", User: "u", UID: 1}), stoa.ErrBadArgument, "uid"},
		"token":              {make(stoa.ChannelOptions{Name: "a", Token: "none"}), stoa.ErrBadToken, "token"},
		"sample_rate":        {make(stoa.ChannelOptions{Name: "a", SampleRate: 11025}), stoa.ErrBadArgument, "11025"},
		"channels":           {make(stoa.ChannelOptions{Name: "a", Channels: 3}), stoa.ErrBadArgument, "channels"},
		"send_queue_ms":      {make(stoa.ChannelOptions{Name: "a", SendQueue: 10 * time.Microsecond}), stoa.ErrBadArgument, "send_queue_ms"},
		"send_policy":        {make(stoa.ChannelOptions{Name: "a", SendPolicy: 9}), stoa.ErrBadArgument, "send_policy"},
		"receive_queue_ms":   {make(stoa.ChannelOptions{Name: "a", ReceiveQueue: -time.Second}), stoa.ErrBadArgument, "receive_queue_ms"},
		"receive_policy":     {make(stoa.ChannelOptions{Name: "a", ReceivePolicy: 9}), stoa.ErrBadArgument, "receive_policy"},
		"bitrate":            {make(stoa.ChannelOptions{Name: "a", Bitrate: 1}), stoa.ErrBadArgument, "bitrate"},
		"reconnect":          {make(stoa.ChannelOptions{Name: "a", ReconnectTimeout: time.Millisecond}), stoa.ErrBadArgument, "reconnect_timeout_ms"},
		"keys":               {second(stoa.NewServer(stoa.ServerOptions{})), stoa.ErrBadArgument, "keys"},
		"bind":               {second(stoa.NewServer(stoa.ServerOptions{Keys: []string{"k:s"}, Bind: "192.0.2.1"})), stoa.ErrAddress, "192.0.2.1"},
		"a token's lifetime": {second(engine.BuildToken("room", "user", time.Millisecond)), stoa.ErrBadArgument, "0 s"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, c.err, c.want)
			if !strings.Contains(c.err.Error(), c.says) {
				t.Errorf("%q says nothing of %q", c.err, c.says)
			}
		})
	}
	equal(t, "a status", stoa.ErrTimedOut.Error(), "timed out")
}

func TestConnectSaysWhyItFailed(t *testing.T) {
	t.Parallel()
	ctx := patient(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	listener.Close() // nobody listens there
	nowhere := newEngine(t, stoa.EngineOptions{AppID: appID, AppCertificate: certificate, URL: "ws://" + listener.Addr().String()})
	refused(t, newChannel(t, nowhere, stoa.ChannelOptions{}).Connect(ctx), stoa.ErrUnreachable)

	r := newRoom(t)
	refused(t, r.ada.Connect(ctx), stoa.ErrBadState)
	stranger := newEngine(t, stoa.EngineOptions{AppID: appID, AppCertificate: "another", URL: r.engine.URL()})
	channel := newChannel(t, stranger, stoa.ChannelOptions{})
	refused(t, channel.Connect(ctx), stoa.ErrBadToken)
	equal(t, "who the library chose", channel.User() != "", true)
}

func TestServer(t *testing.T) {
	t.Parallel()
	server, err := stoa.NewServer(stoa.ServerOptions{Keys: []string{"other:secret", "key:longer-secret"}, Metrics: true})
	must(t, err)
	defer server.Close()
	if server.Port() == 0 || server.UDPPort() == 0 || !strings.HasPrefix(server.URL(), "ws://127.0.0.1:") {
		t.Fatal(server.URL(), server.Port(), server.UDPPort())
	}
	engine := newEngine(t, stoa.EngineOptions{AppID: "key", AppCertificate: "longer-secret", URL: server.URL(), Threads: 1})
	equal(t, "the engine's url", engine.URL(), server.URL())
	r := room{t: t, ctx: patient(t), engine: engine}
	r.join(stoa.ChannelOptions{UID: 7})
	mine := r.join(stoa.ChannelOptions{UID: 8})
	equal(t, "a numeric user", mine.User(), "8")
	await(r, mine, func(e stoa.UserJoined) bool { return e.User == "7" })
	stats, err := server.Stats()
	for err == nil && stats.Participants < 2 { // the numbers may be of a moment ago
		must(t, r.ctx.Err())
		stats, err = server.Stats()
	}
	must(t, err)
	equal(t, "joins", stats.Joins, 2)
	equal(t, "rooms", stats.Rooms, 1)
	own, err := engine.Stats()
	must(t, err)
	equal(t, "threads", own.Threads, 1)
	equal(t, "channels", own.Channels, 2)
	_, err = engine.ServerStats()
	refused(t, err, stoa.ErrBadState)
	_, err = newRoom(t).engine.ServerStats()
	must(t, err)
	counted, err := mine.Stats()
	for err == nil && counted.Connections == 0 { // the numbers are of a moment ago
		must(t, r.ctx.Err())
		counted, err = mine.Stats()
	}
	must(t, err)
	equal(t, "connections", counted.Connections, 1)
	equal(t, "the send queue", counted.SendQueueCapacityUs, 30_000_000)
	if age := stoa.Now().Sub(time.UnixMicro(int64(counted.TimeUs))); age < 0 || age > patience {
		t.Fatalf("the numbers are %v old", age)
	}
	must(t, server.Close())
	lost := await(r, mine, func(e stoa.ConnectionStateChanged) bool { return e.New == stoa.StateReconnecting })
	if lost.Reason == stoa.ReasonNone {
		t.Fatalf("%+v", lost)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, stoa.EngineOptions{AppID: appID, AppCertificate: certificate})
	for name, build := range map[string]func() (string, error){
		"engine":  func() (string, error) { return engine.BuildToken("hall", "ada", time.Hour) },
		"LiveKit": func() (string, error) { return stoa.BuildLiveKitToken(appID, certificate, "hall", "ada", time.Hour) },
		"RTC":     func() (string, error) { return stoa.BuildRTCToken(appID, certificate, "hall", "ada", time.Hour) },
		"JSON": func() (string, error) {
			return stoa.BuildToken(`{"family": "livekit", "claims": {"sub": "ada", "video": {"room": "hall", "roomJoin": true}}}`, appID, certificate)
		},
	} {
		t.Run(name, func(t *testing.T) {
			token, err := build()
			must(t, err)
			shown, err := stoa.ShowToken(token)
			must(t, err)
			verified, err := stoa.VerifyToken(token, appID, certificate, "hall", "ada")
			must(t, err)
			equal(t, "what it says", verified, shown)
			var document struct{ Family string }
			must(t, json.Unmarshal([]byte(shown), &document))
			equal(t, "its family", document.Family == "access_token2", name == "RTC")
			refused(t, second(stoa.VerifyToken(token, appID, appID, "hall", "ada")), stoa.ErrBadToken)
			refused(t, second(stoa.VerifyToken(token, appID, certificate, "cellar", "ada")), stoa.ErrBadToken)
			refused(t, second(stoa.VerifyToken(token, appID, certificate, "hall", "eve")), stoa.ErrBadToken)
		})
	}
	unsigned, err := stoa.BuildRTCToken(appID, "", "hall", "", time.Hour)
	must(t, err)
	equal(t, "without a certificate", unsigned, "")
	long := strings.Repeat("long ", 500) // longer than what is asked with first
	token, err := stoa.BuildToken(`{"family": "livekit", "claims": {"sub": "`+long+`"}}`, appID, certificate)
	must(t, err)
	shown, err := stoa.ShowToken(token)
	must(t, err)
	if !strings.Contains(shown, long) {
		t.Fatal(shown)
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	folder := t.TempDir()
	must(t, r.ada.SetDump(&stoa.DumpOptions{Directory: folder, MaxBytes: 4096, What: stoa.DumpSent}))
	_, err := r.ada.PushAudio(r.ctx, tone(440, 8000, 1, 300*time.Millisecond))
	must(t, err)
	must(t, r.ada.WaitPlayed(r.ctx))
	must(t, r.ada.SetDump(nil))
	dropped, err := r.ada.DumpDropped()
	must(t, err)
	if dropped == 0 {
		t.Fatal("more than the bytes that are allowed fit")
	}
	wav, err := os.ReadFile(folder + "/agora-ada-sent.wav")
	must(t, err)
	if len(wav) > 4096 || string(wav[:4]) != "RIFF" {
		t.Fatalf("%d bytes that begin with %q", len(wav), wav[:4])
	}
	refused(t, r.ada.SetDump(&stoa.DumpOptions{Directory: "/none"}), stoa.ErrBadArgument)
}

func TestLog(t *testing.T) {
	lines := make(chan string, 10000)
	must(t, stoa.SetLog(stoa.LogInfo, func(level stoa.LogLevel, line string) {
		if level > stoa.LogInfo || level == stoa.LogOff {
			t.Errorf("level %d: %s", level, line)
		}
		lines <- line
	}))
	refused(t, stoa.SetLog(99, func(stoa.LogLevel, string) { t.Error("it was not set") }), stoa.ErrBadArgument)
	r := newRoom(t)
	for joined := false; !joined; {
		select {
		case line := <-lines:
			joined = strings.Contains(line, "bob")
		case <-r.ctx.Done():
			t.Fatal("the log does not tell who joined")
		}
	}
	must(t, stoa.SetLog(stoa.LogOff, nil))
	close(lines) // whoever sends now panics
	must(t, r.bob.Disconnect(r.ctx))
}

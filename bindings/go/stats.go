package stoa

// #include <stoa.h>
import "C"

import "unsafe"

// The structs of this file are those of stoa.h, which says what each member counts: they have its members in its order, so that the
// library writes them itself. Times are microseconds, and their names end in Us.

// A Delay is how long something took, many times.
type Delay struct {
	Count    uint64
	TotalUs  uint64
	MaxUs    uint64
	RecentUs uint64
}

// EngineStats are what an engine and its threads have counted.
type EngineStats struct {
	size              C.size_t
	TimeUs            uint64
	Threads           uint64
	Channels          uint64
	ChannelsConnected uint64
	Handles           uint64
	CPUMediaUs        uint64
	CPUDispatchUs     uint64
	CPUCodecUs        uint64
	CPUServerUs       uint64
	Callbacks         Delay
	DispatchWaiting   uint64
	CodecQueue        Delay
	CodecWaiting      uint64
	CodecRefused      uint64
	PacketsSent       uint64
	BytesSent         uint64
	PacketsReceived   uint64
	BytesReceived     uint64
	AudioPacketsLost  uint64
}

// ServerStats are what a room server has counted.
type ServerStats struct {
	size                   C.size_t
	TimeUs                 uint64
	Rooms                  uint64
	Participants           uint64
	Tracks                 uint64
	Subscriptions          uint64
	Joins                  uint64
	JoinsRefused           uint64
	Resumes                uint64
	ParticipantsFailed     uint64
	PacketsReceived        uint64
	BytesReceived          uint64
	PacketsUnknown         uint64
	PacketsMalformed       uint64
	PacketsSent            uint64
	BytesSent              uint64
	PacketsUnsent          uint64
	MediaPacketsReceived   uint64
	MediaBytesReceived     uint64
	MediaPacketsUnheard    uint64
	MediaPacketsIgnored    uint64
	MediaPacketsForwarded  uint64
	MediaBytesForwarded    uint64
	MediaDroppedUnready    uint64
	MediaDroppedFormat     uint64
	MediaDroppedOld        uint64
	DataPacketsReceived    uint64
	DataBytesReceived      uint64
	DataPacketsForwarded   uint64
	DataBytesForwarded     uint64
	DataDroppedForbidden   uint64
	DataDroppedMalformed   uint64
	DataDroppedDoubled     uint64
	DataDroppedFull        uint64
	DataWaitingBytes       uint64
	Websockets             uint64
	WebsocketsDropped      uint64
	SignalsReceived        uint64
	SignalsSent            uint64
	SignalsWaiting         uint64
	CPUUs                  uint64
	ServiceCalls           uint64
	ServiceRefused         uint64
	WebhooksSent           uint64
	WebhooksFailed         uint64
	WebhooksDropped        uint64
	MediaPacketsLost       uint64
	MediaPacketsLostOnward uint64
	Jitter                 Delay
	RoundTrip              Delay
	KeyFramesAsked         uint64
}

// ChannelStats are what a channel has counted, over all its connections.
type ChannelStats struct {
	size                 C.size_t
	TimeUs               uint64
	Connections          uint64
	PacketsSent          uint64
	BytesSent            uint64
	PacketsUnsent        uint64
	PacketsReceived      uint64
	BytesReceived        uint64
	PacketsRejected      uint64
	RoundTrip            Delay
	SignalsSent          uint64
	SignalsReceived      uint64
	SignalsWaiting       uint64
	SignalRoundTrip      Delay
	AudioPacketsSent     uint64
	AudioBytesSent       uint64
	AudioPacketsLost     uint64
	AudioJitterUs        uint64
	AudioBitrate         uint64
	AudioPacketsUnknown  uint64
	FramesEncoded        uint64
	FramesSilent         uint64
	FramesMuted          uint64
	FramesUnsent         uint64
	FramesFailed         uint64
	SpurtsEnded          uint64
	CaptureQueue         Delay
	Encode               Delay
	SamplesPushed        uint64
	SamplesSent          uint64
	SamplesInterrupted   uint64
	SamplesDroppedOldest uint64
	SamplesDroppedNewest uint64
	SamplesRefused       uint64
	Starved              uint64
	Overslept            uint64
	SendQueueUs          uint64
	SendQueueCapacityUs  uint64
	MarksWaiting         uint64
	DataPacketsSent      uint64
	DataBytesSent        uint64
	DataPacketsReceived  uint64
	DataBytesReceived    uint64
	DataPacketsWaiting   uint64
	DataPacketsRefused   uint64
	DataPacketsDropped   uint64
	DataPacketsMalformed uint64
	EventsWaiting        uint64
	EventsDropped        uint64
	CallsWaiting         uint64
	MessagesSent         uint64
	MessagesFailed       uint64
	MessagesUnqueued     uint64
	MessagesWaiting      uint64
	MessagesWaitingBytes uint64
	MessagesReceived     uint64
	MessagesIncomplete   uint64
	MessagesRefused      uint64
	MessagesUntold       uint64
	ChunksDoubled        uint64
	RPCCallsMade         uint64
	RPCCallsFailed       uint64
	RPCCallsTaken        uint64
	RPCCallsRefused      uint64
	RPCCallsUnanswered   uint64
	RPCCallsStray        uint64
	CPUUs                uint64
}

// StreamStats are what a stream has counted.
type StreamStats struct {
	size                C.size_t
	TimeUs              uint64
	PacketsReceived     uint64
	BytesReceived       uint64
	PacketsLost         uint64
	PacketsLate         uint64
	PacketsDuplicate    uint64
	PacketsDiscarded    uint64
	PacketsMalformed    uint64
	PacketsUnread       uint64
	FramesDecoded       uint64
	FramesRecoveredCopy uint64
	FramesRecoveredFEC  uint64
	FramesConcealed     uint64
	FramesSilence       uint64
	DecodedUs           uint64
	RecoveredUs         uint64
	ConcealedUs         uint64
	SilenceUs           uint64
	InsertedUs          uint64
	RemovedUs           uint64
	JitterUs            uint64
	JitterTargetUs      uint64
	JitterBufferUs      uint64
	NetworkUs           uint64
	JitterBuffer        Delay
	Decode              Delay
	Ring                Delay
	FramesWritten       uint64
	FramesRead          uint64
	FramesDroppedOldest uint64
	FramesDroppedNewest uint64
	FramesWaiting       uint64
	FramesCapacity      uint64
	MixDroppedUs        uint64
}

// Of one size, or this does not compile.
var (
	_ [unsafe.Sizeof(EngineStats{})]struct{}  = [C.sizeof_stoa_engine_stats]struct{}{}
	_ [unsafe.Sizeof(ServerStats{})]struct{}  = [C.sizeof_stoa_server_stats]struct{}{}
	_ [unsafe.Sizeof(ChannelStats{})]struct{} = [C.sizeof_stoa_channel_stats]struct{}{}
	_ [unsafe.Sizeof(StreamStats{})]struct{}  = [C.sizeof_stoa_stream_stats]struct{}{}
)

// Stats are the statistics of the engine.
func (e *Engine) Stats() (stats EngineStats, err error) {
	stats.size = C.sizeof_stoa_engine_stats
	err = call(func(*input) C.stoa_status {
		return C.stoa_engine_get_stats(e.handle, (*C.stoa_engine_stats)(unsafe.Pointer(&stats)))
	})
	return stats, err
}

// ServerStats are those of the room server inside. ErrBadState: the engine has a URL, so there is none.
func (e *Engine) ServerStats() (stats ServerStats, err error) {
	stats.size = C.sizeof_stoa_server_stats
	err = call(func(*input) C.stoa_status {
		return C.stoa_engine_get_server_stats(e.handle, (*C.stoa_server_stats)(unsafe.Pointer(&stats)))
	})
	return stats, err
}

// Stats are the statistics of the room server.
func (s *Server) Stats() (stats ServerStats, err error) {
	stats.size = C.sizeof_stoa_server_stats
	err = call(func(*input) C.stoa_status {
		return C.stoa_server_get_stats(s.handle, (*C.stoa_server_stats)(unsafe.Pointer(&stats)))
	})
	return stats, err
}

// Stats are the statistics of the channel, connected or not.
func (c *Channel) Stats() (stats ChannelStats, err error) {
	stats.size = C.sizeof_stoa_channel_stats
	err = call(func(*input) C.stoa_status {
		return C.stoa_channel_get_stats(c.handle, (*C.stoa_channel_stats)(unsafe.Pointer(&stats)))
	})
	return stats, err
}

// Stats are the statistics of the stream, also after its end.
func (s *Stream) Stats() (stats StreamStats, err error) {
	stats.size = C.sizeof_stoa_stream_stats
	err = call(func(*input) C.stoa_status {
		return C.stoa_stream_get_stats(s.handle, (*C.stoa_stream_stats)(unsafe.Pointer(&stats)))
	})
	return stats, err
}

package stoa

// #include <stoa.h>
import "C"

// VADOptions say how speech is told from its absence. The zero value of each is its default. Counts are of blocks of 10 ms.
type VADOptions struct {
	PreStartRecognizeCount int     // blocks before those in which speech was found that still belong to it, 1 to 1000; 0: 16
	StartRecognizeCount    int     // blocks that are looked at for a beginning, 1 to 1000; 0: 30
	StopRecognizeCount     int     // blocks that are looked at for an end, 1 to 6000; 0: 50
	SpeechOnly             bool    // streams of users give out speech alone
	ActivePercent          float64 // the share of blocks that is active for a beginning, above 0, at most 1; 0: 0.7
	InactivePercent        float64 // the share of blocks that is inactive for an end, above 0, at most 1; 0: 0.5
	StartVoiceProb         int     // before speech a block is active above this probability, 1 to 99 percent; 0: 70
	StopVoiceProb          int     // the same in speech
	StartRMSThreshold      int32   // before speech a block is active above this level, -100 to -1 dB of the maximum; 0: -50
	StopRMSThreshold       int32   // the same in speech
}

// SetVAD listens for speech in the sound of every user who is subscribed to: events and frames tell its beginnings and ends. nil: no
// more.
func (c *Channel) SetVAD(options *VADOptions) error {
	return call(func(*input) C.stoa_status {
		if options == nil {
			return C.stoa_channel_set_vad(c.handle, nil)
		}
		return C.stoa_channel_set_vad(c.handle, &C.stoa_vad_options{
			size:                      C.sizeof_stoa_vad_options,
			pre_start_recognize_count: number(options.PreStartRecognizeCount),
			start_recognize_count:     number(options.StartRecognizeCount),
			stop_recognize_count:      number(options.StopRecognizeCount),
			speech_only:               flag(options.SpeechOnly),
			active_percent:            C.double(options.ActivePercent),
			inactive_percent:          C.double(options.InactivePercent),
			start_voice_prob:          number(options.StartVoiceProb),
			stop_voice_prob:           number(options.StopVoiceProb),
			start_rms_threshold:       C.int32_t(options.StartRMSThreshold),
			stop_rms_threshold:        C.int32_t(options.StopRMSThreshold),
		})
	})
}

// What a dump has in it.
const (
	DumpSent  = C.STOA_DUMP_SENT  // what leaves
	DumpHeard = C.STOA_DUMP_HEARD // what is heard of each user
)

// DumpOptions say how a dump is made. The zero value of each but Directory is its default.
type DumpOptions struct {
	Directory string // that is there; required
	MaxBytes  uint64 // of all files together, 4,096 to 4,294,967,295; 0: 268,435,456
	What      uint32 // DumpSent, DumpHeard, added; 0: both
}

// SetDump writes what is sent and heard as WAV files, all of which begin at the same moment. nil ends the dump and completes its files,
// which it waits for at most one second.
func (c *Channel) SetDump(options *DumpOptions) error {
	return call(func(in *input) C.stoa_status {
		if options == nil {
			return C.stoa_channel_set_dump(c.handle, nil)
		}
		return C.stoa_channel_set_dump(c.handle, &C.stoa_dump_options{
			size:      C.sizeof_stoa_dump_options,
			directory: in.text(options.Directory),
			max_bytes: C.uint64_t(options.MaxBytes),
			what:      C.uint32_t(options.What),
		})
	})
}

// DumpDropped is how many frames are in no file of all dumps, because MaxBytes was reached or the disk was too slow.
func (c *Channel) DumpDropped() (uint64, error) {
	var frames C.uint64_t
	err := call(func(*input) C.stoa_status { return C.stoa_channel_dump_dropped(c.handle, &frames) })
	return uint64(frames), err
}

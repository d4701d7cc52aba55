// What is used of stoa.h, but for its functions: each constant without its STOA_, and each struct as the header has it.

const numbered = (names, from) => Object.fromEntries(names.split(' ').map((name, index) => [name, from + index]));

export const FRAME_SAMPLES_MAX = 5760;

export const CONSTANTS = {
  STATUS: {
    ...numbered('OK TIMED_OUT QUEUE_FULL END_OF_STREAM INTERRUPTED', 0),
    ERROR_NULL_ARGUMENT: -1,
    ERROR_BAD_HANDLE: -2,
    ERROR_BAD_STRUCT: -3,
    ERROR_BAD_UTF8: -4,
    ERROR_BAD_ARGUMENT: -5,
    ERROR_BAD_STATE: -6,
    ERROR_CLOSED: -7,
    ERROR_BUSY: -8,
    ERROR_NOT_FOUND: -9,
    ERROR_BUFFER_TOO_SMALL: -10,
    ERROR_UNREACHABLE: -11,
    ERROR_REFUSED: -12,
    ERROR_PROTOCOL: -13,
    ERROR_BAD_TOKEN: -14,
    ERROR_ADDRESS: -15,
    ERROR_DISCONNECTED: -16,
    ERROR_NOT_ALLOWED: -17,
    ERROR_LIMIT: -18,
    ERROR_INTERNAL: -19,
  },
  LOG: numbered('OFF ERROR WARN INFO DEBUG', 0),
  ORIGIN: numbered('DECODED RECOVERED CONCEALED SILENCE', 0),
  SPEECH: numbered('NONE START SPEAKING END', 0),
  EVENT_FLAG: { MUTED: 1, RELIABLE: 2, SPEAKING: 4 },
  FORMAT: numbered('JSON BASE64 TEXT BYTES', 1),
  QUALITY: numbered('UNKNOWN LOST POOR GOOD EXCELLENT', 0),
  STATE: numbered('DISCONNECTED CONNECTING CONNECTED RECONNECTING FAILED', 1),
  SUBSCRIBE: numbered('IDLE NO_SUBSCRIBE SUBSCRIBING SUBSCRIBED', 0),
  QUEUE: numbered('DEFAULT DROP_OLDEST DROP_NEWEST', 0),
  DUMP: { SENT: 1, HEARD: 2 },
  RPC: { APPLICATION_ERROR: 1500 },
};

/** The words of a group of constants, by their numbers: those of STATE are "disconnected" and so on. */
export const wordsOf = (group) =>
  Object.fromEntries(Object.entries(CONSTANTS[group]).map(([name, number]) => [number, name.toLowerCase()]));

export const STRUCTS = {
  stoa_delay: `
    uint64_t count; uint64_t total_us; uint64_t max_us; uint64_t recent_us;`,
  stoa_engine_options: `
    size_t size; const char *app_id; const char *app_certificate; const char *url; uint32_t threads;
    uint32_t reserved; const char *ca_file;`,
  stoa_server_options: `
    size_t size; const char *bind; const char *keys; uint32_t port; uint32_t udp_port; const char *webhooks;
    uint32_t metrics; uint32_t remote_unmute;`,
  stoa_channel_options: `
    size_t size; const char *name; const char *user; const char *token; uint32_t uid; uint32_t sample_rate;
    uint32_t channels; uint32_t subscribe_all; uint32_t eager; uint32_t send_queue_ms; uint32_t send_policy;
    uint32_t receive_queue_ms; uint32_t receive_policy; uint32_t bitrate; uint32_t listen_only;
    uint32_t reconnect_timeout_ms; uint32_t no_reconnect; uint32_t reserved;`,
  stoa_vad_options: `
    size_t size; uint32_t pre_start_recognize_count; uint32_t start_recognize_count; uint32_t stop_recognize_count;
    uint32_t speech_only; double active_percent; double inactive_percent; uint32_t start_voice_prob;
    uint32_t stop_voice_prob; int32_t start_rms_threshold; int32_t stop_rms_threshold;`,
  stoa_dump_options: `
    size_t size; const char *directory; uint64_t max_bytes; uint32_t what; uint32_t reserved;`,
  stoa_data_options: `
    size_t size; const char *topic; const char *const *to; size_t to_count; uint32_t lossy; uint32_t reserved;`,
  stoa_message_options: `
    size_t size; const char *message_id; const char *topic; const char *const *to; size_t to_count; uint32_t format;
    uint32_t lossy;`,
  stoa_frame: `
    size_t size; uint64_t timestamp_us; uint64_t arrival_us; uint64_t rtp_time; uint32_t origin;
    uint32_t samples_per_channel; uint32_t sample_rate; uint32_t channels; uint32_t bytes_per_sample; uint32_t level;
    double voice_probability; uint32_t speech; uint32_t reserved;`,
  stoa_event: `
    size_t size; uint64_t time_us; uint32_t kind; stoa_status status; uint32_t old_state; uint32_t new_state;
    uint32_t reason; uint32_t flags; uint64_t elapsed_us; uint64_t id; const char *user; const char *text;
    const char *topic; const uint8_t *data; size_t data_length; void *owner; const char *message_id; uint32_t format;
    uint32_t level; const char *track;`,
  stoa_engine_stats: `
    size_t size; uint64_t time_us; uint64_t threads; uint64_t channels; uint64_t channels_connected;
    uint64_t handles; uint64_t cpu_media_us; uint64_t cpu_dispatch_us; uint64_t cpu_codec_us; uint64_t cpu_server_us;
    stoa_delay callbacks; uint64_t dispatch_waiting; stoa_delay codec_queue; uint64_t codec_waiting;
    uint64_t codec_refused; uint64_t packets_sent; uint64_t bytes_sent; uint64_t packets_received;
    uint64_t bytes_received; uint64_t audio_packets_lost;`,
  stoa_server_stats: `
    size_t size; uint64_t time_us; uint64_t rooms; uint64_t participants; uint64_t tracks; uint64_t subscriptions;
    uint64_t joins; uint64_t joins_refused; uint64_t resumes; uint64_t participants_failed;
    uint64_t packets_received; uint64_t bytes_received; uint64_t packets_unknown; uint64_t packets_malformed;
    uint64_t packets_sent; uint64_t bytes_sent; uint64_t packets_unsent; uint64_t media_packets_received;
    uint64_t media_bytes_received; uint64_t media_packets_unheard; uint64_t media_packets_ignored;
    uint64_t media_packets_forwarded; uint64_t media_bytes_forwarded; uint64_t media_dropped_unready;
    uint64_t media_dropped_format; uint64_t media_dropped_old; uint64_t data_packets_received;
    uint64_t data_bytes_received; uint64_t data_packets_forwarded; uint64_t data_bytes_forwarded;
    uint64_t data_dropped_forbidden; uint64_t data_dropped_malformed; uint64_t data_dropped_doubled;
    uint64_t data_dropped_full; uint64_t data_waiting_bytes; uint64_t websockets; uint64_t websockets_dropped;
    uint64_t signals_received; uint64_t signals_sent; uint64_t signals_waiting; uint64_t cpu_us;
    uint64_t service_calls; uint64_t service_refused; uint64_t webhooks_sent; uint64_t webhooks_failed;
    uint64_t webhooks_dropped; uint64_t media_packets_lost; uint64_t media_packets_lost_onward; stoa_delay jitter;
    stoa_delay round_trip; uint64_t key_frames_asked;`,
  stoa_channel_stats: `
    size_t size; uint64_t time_us; uint64_t connections; uint64_t packets_sent; uint64_t bytes_sent;
    uint64_t packets_unsent; uint64_t packets_received; uint64_t bytes_received; uint64_t packets_rejected;
    stoa_delay round_trip; uint64_t signals_sent; uint64_t signals_received; uint64_t signals_waiting;
    stoa_delay signal_round_trip; uint64_t audio_packets_sent; uint64_t audio_bytes_sent;
    uint64_t audio_packets_lost; uint64_t audio_jitter_us; uint64_t audio_bitrate; uint64_t audio_packets_unknown;
    uint64_t frames_encoded; uint64_t frames_silent; uint64_t frames_muted; uint64_t frames_unsent;
    uint64_t frames_failed; uint64_t spurts_ended; stoa_delay capture_queue; stoa_delay encode;
    uint64_t samples_pushed; uint64_t samples_sent; uint64_t samples_interrupted; uint64_t samples_dropped_oldest;
    uint64_t samples_dropped_newest; uint64_t samples_refused; uint64_t starved; uint64_t overslept;
    uint64_t send_queue_us; uint64_t send_queue_capacity_us; uint64_t marks_waiting; uint64_t data_packets_sent;
    uint64_t data_bytes_sent; uint64_t data_packets_received; uint64_t data_bytes_received;
    uint64_t data_packets_waiting; uint64_t data_packets_refused; uint64_t data_packets_dropped;
    uint64_t data_packets_malformed; uint64_t events_waiting; uint64_t events_dropped; uint64_t calls_waiting;
    uint64_t messages_sent; uint64_t messages_failed; uint64_t messages_unqueued; uint64_t messages_waiting;
    uint64_t messages_waiting_bytes; uint64_t messages_received; uint64_t messages_incomplete;
    uint64_t messages_refused; uint64_t messages_untold; uint64_t chunks_doubled; uint64_t rpc_calls_made;
    uint64_t rpc_calls_failed; uint64_t rpc_calls_taken; uint64_t rpc_calls_refused; uint64_t rpc_calls_unanswered;
    uint64_t rpc_calls_stray; uint64_t cpu_us;`,
  stoa_stream_stats: `
    size_t size; uint64_t time_us; uint64_t packets_received; uint64_t bytes_received; uint64_t packets_lost;
    uint64_t packets_late; uint64_t packets_duplicate; uint64_t packets_discarded; uint64_t packets_malformed;
    uint64_t packets_unread; uint64_t frames_decoded; uint64_t frames_recovered_copy; uint64_t frames_recovered_fec;
    uint64_t frames_concealed; uint64_t frames_silence; uint64_t decoded_us; uint64_t recovered_us;
    uint64_t concealed_us; uint64_t silence_us; uint64_t inserted_us; uint64_t removed_us; uint64_t jitter_us;
    uint64_t jitter_target_us; uint64_t jitter_buffer_us; uint64_t network_us; stoa_delay jitter_buffer;
    stoa_delay decode; stoa_delay ring; uint64_t frames_written; uint64_t frames_read;
    uint64_t frames_dropped_oldest; uint64_t frames_dropped_newest; uint64_t frames_waiting;
    uint64_t frames_capacity; uint64_t mix_dropped_us;`,
};

// The functions of stoa.h that are used, as the header declares them. No callback is among them but the log's, which stays NULL.

export const FUNCTIONS = `
  const char *stoa_version(void);
  uint64_t stoa_time_us(void);
  const char *stoa_last_error(void);
  stoa_status stoa_log_set(uint32_t level, stoa_log_callback callback, void *user_data, stoa_user_data_free
    user_data_free);
  stoa_status stoa_engine_new(const stoa_engine_options *options, stoa_engine **out_engine);
  stoa_status stoa_engine_free(stoa_engine *engine);
  stoa_status stoa_engine_url(const stoa_engine *engine, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_engine_build_token(const stoa_engine *engine, const char *room, const char *user, uint64_t ttl_seconds,
    char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_token_build_livekit(const char *key, const char *secret, const char *room, const char *user, uint64_t
    ttl_seconds, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_token_build_rtc(const char *app_id, const char *certificate, const char *channel, const char *user,
    uint64_t ttl_seconds, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_token_build_json(const char *document, const char *key, const char *secret, char *buffer, size_t
    capacity, size_t *out_length);
  stoa_status stoa_token_show(const char *token, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_token_verify(const char *token, const char *key, const char *secret, const char *room, const char
    *user, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_event_free(stoa_event *event);
  const char *stoa_event_name(uint32_t kind);
  const char *stoa_reason_name(uint32_t reason);
  stoa_status stoa_channel_new(stoa_engine *engine, const stoa_channel_options *options, stoa_channel **out_channel);
  stoa_status stoa_channel_free(stoa_channel *channel);
  stoa_status stoa_channel_connect(stoa_channel *channel, int32_t timeout_ms);
  stoa_status stoa_channel_disconnect(stoa_channel *channel, int32_t timeout_ms);
  stoa_status stoa_channel_reconnect(stoa_channel *channel);
  stoa_status stoa_channel_state(const stoa_channel *channel, uint32_t *out_state);
  stoa_status stoa_channel_name(const stoa_channel *channel, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_channel_user(const stoa_channel *channel, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_channel_token(const stoa_channel *channel, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_channel_renew_token(const stoa_channel *channel, const char *token);
  stoa_status stoa_channel_last_error(const stoa_channel *channel, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_channel_push_audio(stoa_channel *channel, const int16_t *samples, size_t count, int32_t timeout_ms,
    size_t *out_accepted);
  stoa_status stoa_channel_push_audio_f32(stoa_channel *channel, const float *samples, size_t count, int32_t timeout_ms,
    size_t *out_accepted);
  stoa_status stoa_channel_queued(const stoa_channel *channel, uint64_t *out_queued_us);
  stoa_status stoa_channel_mark(stoa_channel *channel, uint64_t id);
  stoa_status stoa_channel_interrupt(stoa_channel *channel, uint64_t *out_sent, uint64_t *out_dropped);
  stoa_status stoa_channel_mute(stoa_channel *channel, uint32_t muted);
  stoa_status stoa_channel_user_count(const stoa_channel *channel, size_t *out_count);
  stoa_status stoa_channel_user_at(const stoa_channel *channel, size_t index, char *buffer, size_t capacity, size_t
    *out_length);
  stoa_status stoa_channel_subscribe(stoa_channel *channel, const char *user, int32_t timeout_ms);
  stoa_status stoa_channel_unsubscribe(stoa_channel *channel, const char *user, int32_t timeout_ms);
  stoa_status stoa_channel_subscribe_state(const stoa_channel *channel, const char *user, uint32_t *out_state);
  stoa_status stoa_channel_stream(stoa_channel *channel, const char *user, stoa_stream **out_stream);
  stoa_status stoa_channel_track_stream(stoa_channel *channel, const char *user, const char *track, stoa_stream
    **out_stream);
  stoa_status stoa_channel_mixed_stream(stoa_channel *channel, stoa_stream **out_stream);
  stoa_status stoa_channel_user_info(const stoa_channel *channel, const char *user, char *buffer, size_t capacity, size_t
    *out_length);
  stoa_status stoa_channel_room_info(const stoa_channel *channel, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_channel_set_user_info(stoa_channel *channel, const char *name, const char *metadata, const char
    *attributes, int32_t timeout_ms);
  stoa_status stoa_channel_rpc_register(stoa_channel *channel, const char *method);
  stoa_status stoa_channel_rpc_unregister(stoa_channel *channel, const char *method);
  stoa_status stoa_channel_rpc_call(stoa_channel *channel, const char *user, const char *method, const char *payload,
    uint32_t response_ms, uint64_t *out_ticket);
  stoa_status stoa_channel_rpc_wait(stoa_channel *channel, uint64_t ticket, int32_t timeout_ms, uint32_t *out_code, char
    *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_channel_rpc_answer(stoa_channel *channel, uint64_t call, const char *payload);
  stoa_status stoa_channel_rpc_fail(stoa_channel *channel, uint64_t call, uint32_t code, const char *text);
  stoa_status stoa_channel_send_data(stoa_channel *channel, const void *data, size_t length, const stoa_data_options
    *options);
  stoa_status stoa_channel_send_message(stoa_channel *channel, const void *data, size_t length, const stoa_message_options
    *options, uint64_t *out_ticket);
  stoa_status stoa_channel_wait_sent(stoa_channel *channel, uint64_t ticket, int32_t timeout_ms);
  stoa_status stoa_channel_poll_event(stoa_channel *channel, int32_t timeout_ms, stoa_event *out_event);
  stoa_status stoa_channel_event_descriptor(stoa_channel *channel, int32_t *out_descriptor);
  stoa_status stoa_channel_set_vad(stoa_channel *channel, const stoa_vad_options *options);
  stoa_status stoa_channel_set_dump(stoa_channel *channel, const stoa_dump_options *options);
  stoa_status stoa_channel_dump_dropped(const stoa_channel *channel, uint64_t *out_frames);
  stoa_status stoa_stream_free(stoa_stream *stream);
  stoa_status stoa_stream_read(stoa_stream *stream, int32_t timeout_ms, int16_t *out_samples, size_t capacity, stoa_frame
    *out_frame);
  stoa_status stoa_stream_readable(const stoa_stream *stream, size_t *out_frames);
  stoa_status stoa_stream_descriptor(stoa_stream *stream, int32_t *out_descriptor);
  stoa_status stoa_stream_dropped(const stoa_stream *stream, uint64_t *out_frames);
  stoa_status stoa_server_new(const stoa_server_options *options, stoa_server **out_server);
  stoa_status stoa_server_free(stoa_server *server);
  stoa_status stoa_server_url(const stoa_server *server, char *buffer, size_t capacity, size_t *out_length);
  stoa_status stoa_server_port(const stoa_server *server, uint32_t *out_port);
  stoa_status stoa_server_udp_port(const stoa_server *server, uint32_t *out_port);
  stoa_status stoa_engine_get_stats(const stoa_engine *engine, stoa_engine_stats *out_stats);
  stoa_status stoa_engine_get_server_stats(const stoa_engine *engine, stoa_server_stats *out_stats);
  stoa_status stoa_server_get_stats(const stoa_server *server, stoa_server_stats *out_stats);
  stoa_status stoa_channel_get_stats(const stoa_channel *channel, stoa_channel_stats *out_stats);
  stoa_status stoa_stream_get_stats(const stoa_stream *stream, stoa_stream_stats *out_stats);
`;

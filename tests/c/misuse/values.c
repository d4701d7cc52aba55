// Functions that return a text or a number, events that are freed, the log.

static void value_rows(void)
{
    TRUE(strcmp(stoa_version(), STOA_VERSION) == 0);
    TRUE(stoa_version_number() == STOA_VERSION_NUMBER);
    TRUE(strcmp(stoa_status_text(STOA_OK), "done") == 0);
    TRUE(strcmp(stoa_event_name(STOA_EVENT_USER_JOINED), "user_joined") == 0);
    TRUE(strcmp(stoa_reason_name(STOA_REASON_NONE), "none") == 0);
    TRUE(strcmp(stoa_reason_name(STOA_REASON_TOKEN_EXPIRED), "token_expired") == 0);
    TRUE(stoa_time_us() > UINT64_C(1600000000000000));
    VALUE("status is 12345", "\"unknown status\"", strcmp(stoa_status_text(12345), "unknown status") == 0, "stoa_status_text");
    VALUE("status is -2147483648", "\"unknown status\"", strcmp(stoa_status_text(INT32_MIN), "unknown status") == 0,
          "stoa_status_text");
    VALUE("kind is 0", "\"\"", strcmp(stoa_event_name(0), "") == 0, "stoa_event_name");
    VALUE("kind is 4294967295", "\"\"", strcmp(stoa_event_name(UINT32_MAX), "") == 0, "stoa_event_name");
    VALUE("reason is 14", "\"\"", strcmp(stoa_reason_name(14), "") == 0, "stoa_reason_name");
    VALUE("reason is 4294967295", "\"\"", strcmp(stoa_reason_name(UINT32_MAX), "") == 0, "stoa_reason_name");
    VALUE("before the first error", "\"\"", strcmp(stoa_last_error(), "") == 0, "stoa_last_error");
}

static void log_rows(void)
{
    const char *sentence = "level is <n>: give STOA_LOG_OFF (0) to STOA_LOG_DEBUG (4)";
    ROW("level is 5", STOA_ERROR_BAD_ARGUMENT, sentence, stoa_log_set(5, NULL, NULL, count_free));
    ROW("level is 4294967295", STOA_ERROR_BAD_ARGUMENT, sentence, stoa_log_set(UINT32_MAX, NULL, NULL, count_free));
    ROW("callback is NULL", STOA_OK, NULL, stoa_log_set(STOA_LOG_OFF, NULL, NULL, count_free));
    TRUE(freed == 1);
}

// Of an event that comes from `channel`, which is connected.
static void event_rows(void)
{
    stoa_event event = STOA_EVENT_INIT, copy;
    int local = 0;
    ROW("event is NULL", STOA_OK, NULL, stoa_event_free(NULL));
    ROW("event was never filled in", STOA_OK, NULL, stoa_event_free(&event));
    event.owner = &local;
    ROW("event->owner is the address of something else", STOA_ERROR_BAD_HANDLE,
        "event->owner is no handle of this library: give the stoa_event's owner that a stoa function returned",
        stoa_event_free(&event));
    event.owner = channel;
    ROW("event->owner is of another kind", STOA_ERROR_BAD_HANDLE,
        "event->owner is a stoa_channel: a stoa_event's owner is needed here", stoa_event_free(&event));
    SIZES("event", stoa_event, "STOA_EVENT_INIT", event.size, stoa_event_free(&event));

    EXPECT(STOA_OK, NULL, stoa_channel_poll_event(channel, 20000, &event));
    TRUE(event.kind != 0 && event.user != NULL && event.text != NULL && event.topic != NULL && event.owner != NULL);
    copy = event;
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    TRUE(event.kind == 0 && event.size == sizeof event);
    ROW("event was freed", STOA_OK, NULL, stoa_event_free(&event));
    ROW("a copy of event was freed", STOA_ERROR_BAD_HANDLE,
        "event->owner is a stoa_event's owner that was freed: do not use a handle after its free function",
        stoa_event_free(&copy));
}

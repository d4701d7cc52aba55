// What the misuse programs share: a call, the status it has to have, and a word of the sentence it has to leave.

#ifndef EXPECT_H
#define EXPECT_H

#include "stoa.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

static void expect_at(int line, const char *call, stoa_status got, stoa_status wanted, const char *word)
{
    if (got != wanted) {
        printf("line %d: %s: %d (%s), expected %d (%s): %s\n", line, call, (int)got, stoa_status_text(got), (int)wanted,
               stoa_status_text(wanted), stoa_last_error());
        failures++;
    } else if (word != NULL && strstr(stoa_last_error(), word) == NULL) {
        printf("line %d: %s: \"%s\" does not say \"%s\"\n", line, call, stoa_last_error(), word);
        failures++;
    }
}

static void expect_true(int line, const char *what, int is)
{
    if (!is) {
        printf("line %d: not so: %s\n", line, what);
        failures++;
    }
}

// A call that has to end with a status, and, where it is an error, with a sentence that has this word.
#define EXPECT(status, word, call) expect_at(__LINE__, #call, (call), (status), (word))
#define TRUE(what) expect_true(__LINE__, #what, (what))

// A call of the main thread that may come upon a callback in its run, or upon the dispatch thread just after one: it waits, or says after
// a second that it is busy. Only a machine that is busy itself makes a short run so long. Who takes this for OK awaits user_data_free.
#define UNLESS_BUSY(call) (busy_since_us = stoa_time_us(), ok_unless_busy(call))

static uint64_t busy_since_us = 0;

static inline stoa_status ok_unless_busy(stoa_status status)
{
    return status == STOA_ERROR_BUSY && stoa_time_us() - busy_since_us >= 900000 ? STOA_OK : status;
}

// The server takes what a client tells in order: what it needs to forward sound to a hearer who has subscribed was before this.
static inline void is_forwarded_to(stoa_channel *hearer)
{
    EXPECT(STOA_OK, NULL, stoa_channel_set_user_info(hearer, "Hearer", NULL, NULL, 20000));
}

#endif

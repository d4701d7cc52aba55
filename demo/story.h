/* story.h - a long text that both programs can make: the speaker sends it, the listener compares. */
#ifndef STORY_H
#define STORY_H

#include <stdio.h>
#include <string.h>

#define STORY_BYTES 100000

/* Fills text with exactly STORY_BYTES of UTF-8, most of it not ASCII, and a closing zero. */
static void story(char text[STORY_BYTES + 1])
{
    size_t length = 0;
    unsigned line = 0;
    char next[128];
    for (;;) {
        int more = snprintf(next, sizeof next, "%u. Ада 👩🏽‍🚀 говорит, 鲍勃 🎧 listens — ça va? 🇺🇳\n", ++line);
        if (length + (size_t)more > STORY_BYTES)
            break;
        memcpy(text + length, next, (size_t)more);
        length += (size_t)more;
    }
    memset(text + length, '.', STORY_BYTES - length);
    text[STORY_BYTES] = 0;
}

#endif

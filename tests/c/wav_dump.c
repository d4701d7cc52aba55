/* Prints what wav.h makes of a file: rate, channels, samples, and the first values. */
#include "../../examples-c/wav.h"

int main(int argc, char **argv)
{
    wav in = {0, 0, 0, NULL};
    const char *why = argc == 2 ? wav_read(argv[1], &in) : "usage: wav_dump FILE";
    size_t i;
    if (why) {
        printf("refused: %s\n", why);
        return 0;
    }
    printf("%u Hz, %u channels, %lu samples:", (unsigned)in.rate, (unsigned)in.channels, (unsigned long)in.count);
    for (i = 0; i < in.count * in.channels && i < 8; i++)
        printf(" %d", in.samples[i]);
    printf("\n");
    free(in.samples);
    return 0;
}

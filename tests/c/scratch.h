// A directory for dumps, which goes away with the program.

#ifndef SCRATCH_H
#define SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch_path[] = "/tmp/stoa-dumps-XXXXXX";
static pid_t scratch_owner; // a forked child leaves it to its parent

static void scratch_remove(void)
{
    DIR *directory = getpid() == scratch_owner ? opendir(scratch_path) : NULL;
    struct dirent *entry;
    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        char file[512];
        snprintf(file, sizeof file, "%s/%s", scratch_path, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(file);
    }
    closedir(directory);
    rmdir(scratch_path);
}

// Call it before there is a second thread.
static const char *scratch(void)
{
    if (scratch_owner == 0) {
        scratch_owner = getpid();
        if (mkdtemp(scratch_path) == NULL)
            abort();
        atexit(scratch_remove);
    }
    return scratch_path;
}

#endif

// The room service of an engine's own room server, over HTTP: what an administrator does to the room "room".

#ifndef SERVICE_H
#define SERVICE_H

#include "room.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

// One call, which has to succeed; its body is JSON.
static inline void service(const stoa_engine *engine, const char *method, const char *body)
{
    static const char admin[] = "{\"family\": \"livekit\", \"claims\": {\"video\": {\"room\": \"room\", \"roomAdmin\": true}}}";
    char url[64] = "", token[2048] = "", request[4096], answer[256] = "";
    struct sockaddr_in server;
    int length, got, to = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(STOA_OK, NULL, stoa_engine_url(engine, url, sizeof url, NULL)); // ws://127.0.0.1:PORT
    EXPECT(STOA_OK, NULL, stoa_token_build_json(admin, APP, CERTIFICATE, token, sizeof token, NULL));
    memset(&server, 0, sizeof server);
    server.sin_family = AF_INET;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.sin_port = htons((uint16_t)atoi(url + strlen("ws://127.0.0.1:")));
    length = snprintf(request, sizeof request,
                      "POST /twirp/livekit.RoomService/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      "Authorization: Bearer %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
                      method, token, (int)strlen(body), body);
    TRUE(connect(to, (struct sockaddr *)&server, sizeof server) == 0 && write(to, request, (size_t)length) == length);
    got = (int)read(to, answer, sizeof answer - 1);
    if (got <= 0 || strstr(answer, " 200 ") == NULL) {
        printf("%s: %s\n", method, answer);
        failures++;
    }
    close(to);
}

#endif

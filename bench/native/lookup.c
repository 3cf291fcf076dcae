/*
 * Asks a resolver for the IPv4 addresses of names, one after the other, and writes the median time of an answer in
 * microseconds: lookup <server> <count> <name>...
 *
 * A client of its own, because the C library's reads files first, and a process for each question would be most of the time.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int query(unsigned char *packet, unsigned id, const char *name)
{
    unsigned char header[12] = { id >> 8, id & 255, 1, 0, 0, 1 };
    memcpy(packet, header, sizeof header);
    int length = sizeof header;
    while (*name) {
        size_t label = strcspn(name, ".");
        packet[length++] = (unsigned char)label;
        memcpy(packet + length, name, label);
        length += (int)label;
        name += label + (name[label] == '.');
    }
    static const unsigned char end[] = { 0, 0, 1, 0, 1 };
    memcpy(packet + length, end, sizeof end);
    return length + (int)sizeof end;
}

int main(int argc, char **argv)
{
    if (argc < 4) { fprintf(stderr, "usage: lookup <server> <count> <name>...\n"); return 125; }
    int count = atoi(argv[2]), names = argc - 3;
    double *times = calloc((size_t)count, sizeof *times);
    struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(53) };
    struct timeval patience = { 5, 0 };
    int client = socket(AF_INET, SOCK_DGRAM, 0);
    if (!times || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) { fprintf(stderr, "lookup: %s is no address\n", argv[1]); return 125; }
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(client, (struct sockaddr *)&server, sizeof server) < 0) { perror("connect"); return 1; }
    for (int i = 0; i < count; i++) {
        unsigned char packet[512], answer[4096];
        const char *name = argv[3 + i % names];
        if (strlen(name) > 250) { fprintf(stderr, "lookup: %s is too long\n", name); return 125; }
        int length = query(packet, (unsigned)i & 0xffff, name);
        double start = now();
        if (send(client, packet, (size_t)length, 0) < 0) { perror("send"); return 1; }
        ssize_t got = recv(client, answer, sizeof answer, 0);
        times[i] = now() - start;
        if (got < 12 || answer[0] != packet[0] || answer[1] != packet[1] || (answer[3] & 15) != 0 || (answer[6] | answer[7]) == 0) {
            fprintf(stderr, "lookup: no answer for %s (%zd bytes)\n", name, got);
            return 1;
        }
    }
    qsort(times, (size_t)count, sizeof *times, compare);
    printf("%.3f\n", times[count / 2]);
    return 0;
}

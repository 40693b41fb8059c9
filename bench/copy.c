/*
 * What the benchmarks of copy need in C: the simplest server that can be, and a load that is not
 * what limits.
 *
 *   copy send FILE          prints a port; each connection gets the file by a loop of sendfile(2)
 *   copy take PORT BYTES    takes so much (after a GET and a head, where the peer speaks HTTP),
 *                           checks every byte, prints the seconds it took
 *   copy make BYTES         writes the content to stdout, see pattern.h
 *   copy check BYTES        takes the content from stdin, checks every byte, prints their count
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "pattern.h"

enum { PIECE = 262144, PAGE = 4096 };

static long need(long result, const char *what) {
  if (result >= 0) return result;
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void serve(const char *path) {
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  int listener = (int)need(socket(AF_INET, SOCK_STREAM, 0), "socket");
  need(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
  need(listen(listener, 8), "listen");
  need(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  int file = (int)need(open(path, O_RDONLY), "open");
  for (;;) {
    int client = (int)need(accept(listener, NULL, NULL), "accept");
    char request[PAGE];
    need(read(client, request, sizeof request), "read");
    off_t offset = 0;
    while (need(sendfile(client, file, &offset, 1 << 30), "sendfile") > 0) {
    }
    close(client);
  }
}

static char buffer[PIECE] __attribute__((aligned(64)));

/* Where the content begins: behind the head, where there is one. */
static size_t head_of(size_t length) {
  char *end = memmem(buffer, length, "\r\n\r\n", 4);
  if (memcmp(buffer, "HTTP/", 5) != 0) return 0;
  return end == NULL ? length : (size_t)(end + 4 - buffer);
}

/* Reads and checks all until the end, which must come after so much; answers how much that was. */
static uint64_t check(int fd, uint64_t bytes) {
  uint64_t done = 0;
  for (;;) {
    size_t count = (size_t)need(read(fd, buffer, PIECE), "read");
    if (count == 0) break;
    size_t head = done == 0 ? head_of(count) : 0;
    pattern_check(buffer + head, done, count - head, 0);
    done += count - head;
  }
  if (done != bytes) {
    fprintf(stderr, "%lu bytes of %lu\n", (unsigned long)done, (unsigned long)bytes);
    exit(1);
  }
  return done;
}

static void take(int port, uint64_t bytes) {
  static const char request[] = "GET /content HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
  struct sockaddr_in address = loopback(port);
  int fd = (int)need(socket(AF_INET, SOCK_STREAM, 0), "socket");
  double begun = now();
  need(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
  need(write(fd, request, sizeof request - 1), "write");
  check(fd, bytes);
  printf("%f\n", now() - begun);
}

static void make(uint64_t bytes) {
  for (uint64_t place = 0; place < bytes; place += PIECE) {
    pattern_fill(buffer, place, PIECE, 0);
    for (size_t done = 0; done < PIECE;) {
      done += (size_t)need(write(1, buffer + done, PIECE - done), "write");
    }
  }
}

int main(int count, char **words) {
  if (count == 3 && strcmp(words[1], "send") == 0) serve(words[2]);
  if (count == 4 && strcmp(words[1], "take") == 0) take(atoi(words[2]), strtoull(words[3], 0, 10));
  if (count == 3 && strcmp(words[1], "make") == 0) make(strtoull(words[2], 0, 10));
  if (count == 3 && strcmp(words[1], "check") == 0)
    printf("%lu\n", (unsigned long)check(0, strtoull(words[2], 0, 10)));
  return 0;
}

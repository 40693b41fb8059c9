/*
 * What the benchmarks of copy need in C: the simplest server that can be, and a load that is not
 * what limits.
 *
 *   copy send FILE          prints a port; each connection gets the file by a loop of sendfile(2)
 *   copy take PORT BYTES    takes so much (after a GET and a head, where the peer speaks HTTP),
 *                           checks each page, prints the seconds it took
 *   copy make BYTES         writes the content to stdout: each page begins with its number
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

/* The head of an HTTP response is skipped: what is left of the first read is content. */
static size_t content_of(char *bytes, size_t length) {
  char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  size_t head = (size_t)(end + 4 - bytes);
  memmove(bytes, bytes + head, length - head);
  return length - head;
}

static void check_page(uint64_t page, const char *bytes) {
  uint64_t found;
  memcpy(&found, bytes, sizeof found);
  if (found == page) return;
  fprintf(stderr, "page %lu is %lu\n", (unsigned long)page, (unsigned long)found);
  exit(1);
}

static void take(int port, uint64_t bytes) {
  static char buffer[PIECE + PAGE];
  static const char request[] = "GET /content HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
  struct sockaddr_in address = loopback(port);
  int fd = (int)need(socket(AF_INET, SOCK_STREAM, 0), "socket");
  double begun = now();
  need(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
  need(write(fd, request, sizeof request - 1), "write");
  uint64_t page = 0;
  size_t held = 0;
  int first = 1;
  while (page * PAGE < bytes) {
    long count = need(read(fd, buffer + held, PIECE), "read");
    if (count == 0) break;
    held += (size_t)count;
    if (first && memcmp(buffer, "HTTP/", 5) == 0) held = content_of(buffer, held);
    first = 0;
    size_t used = 0;
    for (; used + PAGE <= held; used += PAGE) check_page(page++, buffer + used);
    memmove(buffer, buffer + used, held - used);
    held -= used;
  }
  if (page * PAGE != bytes) {
    fprintf(stderr, "%lu pages\n", (unsigned long)page);
    exit(1);
  }
  printf("%f\n", now() - begun);
}

static void make(uint64_t bytes) {
  static char buffer[PIECE];
  memset(buffer, 'x', sizeof buffer);
  for (uint64_t page = 0; page * PAGE < bytes; page += PIECE / PAGE) {
    for (uint64_t at = 0; at < PIECE / PAGE; at++) {
      uint64_t number = page + at;
      memcpy(buffer + at * PAGE, &number, sizeof number);
    }
    for (size_t done = 0; done < sizeof buffer;) {
      done += (size_t)need(write(1, buffer + done, sizeof buffer - done), "write");
    }
  }
}

int main(int count, char **words) {
  if (count == 3 && strcmp(words[1], "send") == 0) serve(words[2]);
  if (count == 4 && strcmp(words[1], "take") == 0) take(atoi(words[2]), strtoull(words[3], 0, 10));
  if (count == 3 && strcmp(words[1], "make") == 0) make(strtoull(words[2], 0, 10));
  return 0;
}

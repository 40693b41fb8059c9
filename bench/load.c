/*
 * The load for the benchmarks of relays, in C so that it is not what limits them.
 *
 *   load serve                            prints two ports: one echoes, one takes and checks
 *   load bulk PORT MIB                    sends so much; answers MiB/s
 *   load flood PORT MIB CONNECTIONS       the same, in equal parts on so many connections at once
 *   load requests PORT CONNECTIONS MS     1 KiB there and back on kept connections; answers 1/s
 *   load connections PORT CONNECTIONS MS  the same, a new connection for each; answers 1/s
 *   load pingpong PORT COUNT              64 bytes there and back; answers the median in µs
 *   load idle PORT CONNECTIONS            holds them, one echo each, until stdin ends
 *
 * Every byte that arrives is compared with what was sent: see pattern.h. Of a bulk the server tells
 * the seed back when it has the first word, which is when the time begins; at the end, the length.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "pattern.h"

enum { PIECE = 262144, MESSAGE = 1024, PING = 64, EVENTS = 256, MAX_FD = 65536 };

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int need(int result, const char *what) {
  if (result < 0) die(what);
  return result;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){
    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void no_delay(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* BBR, where it is the system's, would pace the ends by timers, and they would be what limits. */
static int end_of(int flags) {
  int fd = need(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), "socket");
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
  return fd;
}

static int dial(int port) {
  struct sockaddr_in address = loopback(port);
  int fd = end_of(0);
  need(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
  no_delay(fd);
  return fd;
}

static void watch(int epoll, int fd, uint32_t what) {
  struct epoll_event event = {.events = what, .data.fd = fd};
  need(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void write_all(int fd, const void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    done += (size_t)need((int)write(fd, (const char *)bytes + done, length - done), "write");
  }
}

/* ---- the server: one port echoes, the other takes and checks ---- */

static int listen_anywhere(int epoll, int *port) {
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  int fd = end_of(SOCK_NONBLOCK);
  need(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
  need(listen(fd, 4096), "listen");
  getsockname(fd, (struct sockaddr *)&address, &length);
  *port = ntohs(address.sin_port);
  watch(epoll, fd, EPOLLIN);
  return fd;
}

static char buffer[PIECE] __attribute__((aligned(64)));

/* What a descriptor of the server has taken: -1 echoes. */
struct stream {
  int64_t taken;
  uint64_t seed; /* its first word */
};

static struct stream streams[MAX_FD];

static void accept_all(int epoll, int listener, int64_t start) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    no_delay(fd);
    streams[fd] = (struct stream){.taken = start};
    watch(epoll, fd, EPOLLIN);
  }
}

static void take(int fd, size_t count) {
  struct stream *stream = &streams[fd];
  int64_t before = stream->taken;
  for (size_t at = 0; at < count && stream->taken + (int64_t)at < WORD; at++) {
    size_t place = (size_t)stream->taken + at;
    memcpy((char *)&stream->seed + place, buffer + at, 1);
  }
  /* A first word that is not whole is checked with the seed it makes so far, which it is. */
  pattern_check(buffer, (uint64_t)stream->taken, count, stream->seed);
  stream->taken += (int64_t)count;
  if (before < WORD && stream->taken >= WORD) write_all(fd, &stream->seed, WORD);
}

static void serve_one(int fd) {
  struct stream *stream = &streams[fd];
  ssize_t count = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count > 0 && stream->taken < 0) {
    write_all(fd, buffer, (size_t)count);
    return;
  }
  if (count > 0) {
    take(fd, (size_t)count);
    return;
  }
  if (count == 0 && stream->taken >= 0) write_all(fd, &stream->taken, sizeof stream->taken);
  close(fd);
}

static void serve(void) {
  struct epoll_event events[EVENTS];
  int echo_port, sink_port;
  int epoll = need(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  int echo = listen_anywhere(epoll, &echo_port);
  int sink = listen_anywhere(epoll, &sink_port);
  printf("%d %d\n", echo_port, sink_port);
  fflush(stdout);
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int index = 0; index < count; index++) {
      int fd = events[index].data.fd;
      if (fd == echo || fd == sink) {
        accept_all(epoll, fd, fd == echo ? -1 : 0);
      } else {
        serve_one(fd);
      }
    }
  }
}

/* ---- the clients ---- */

/* No two streams of a run have a word in common: each has 2^48 of its own. */
static uint64_t seed_of(int fd) { return (uint64_t)fd << 48; }

/* Sends the first word; when its answer is here, the way to the server is made. */
static void greet(int fd) {
  uint64_t seed = seed_of(fd), told = ~seed;
  write_all(fd, &seed, WORD);
  ssize_t count = recv(fd, &told, WORD, MSG_WAITALL);
  if (count == WORD && told == seed) return;
  fprintf(stderr, "load: greeted %lx, answered %lx\n", (long)seed, (long)told);
  exit(1);
}

/* The server must have taken all. */
static void confirm(int fd, int64_t total) {
  int64_t told = 0;
  shutdown(fd, SHUT_WR);
  if (recv(fd, &told, sizeof told, MSG_WAITALL) == sizeof told && told == total) return;
  fprintf(stderr, "load: %ld of %ld bytes arrived\n", (long)told, (long)total);
  exit(1);
}

static void bulk(int port, int64_t mib) {
  int fd = dial(port);
  int64_t total = mib << 20;
  greet(fd);
  double begun = now();
  for (int64_t sent = WORD; sent < total; sent += PIECE) {
    size_t length = (size_t)(total - sent < PIECE ? total - sent : PIECE);
    pattern_fill(buffer, (uint64_t)sent, length, seed_of(fd));
    write_all(fd, buffer, length);
  }
  confirm(fd, total);
  printf("%.1f\n", (double)mib / (now() - begun));
}

/* One piece of a stream, from the word that holds the place; answers how far it is now. */
static int64_t send_piece(int fd, int64_t sent, int64_t share) {
  int64_t start = sent / WORD * WORD;
  int64_t length = share - start < PIECE ? share - start : PIECE;
  pattern_fill(buffer, (uint64_t)start, (size_t)length, seed_of(fd));
  size_t skipped = (size_t)(sent - start);
  ssize_t count = send(fd, buffer + skipped, (size_t)length - skipped, MSG_DONTWAIT);
  if (count < 0 && errno != EAGAIN) die("send");
  return count < 0 ? sent : sent + count;
}

static void flood(int port, int64_t mib, int connections) {
  static int64_t sent[MAX_FD];
  static int fds[MAX_FD];
  struct epoll_event events[EVENTS];
  int epoll = need(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  int64_t share = (mib << 20) / connections / WORD * WORD;
  for (int index = 0; index < connections; index++) {
    int fd = fds[index] = dial(port);
    greet(fd);
    sent[fd] = WORD;
  }
  double begun = now();
  for (int index = 0; index < connections; index++) watch(epoll, fds[index], EPOLLOUT);
  for (int left = connections; left > 0;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int index = 0; index < count; index++) {
      int fd = events[index].data.fd;
      sent[fd] = send_piece(fd, sent[fd], share);
      if (sent[fd] < share) continue;
      epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
      shutdown(fd, SHUT_WR);
      left--;
    }
  }
  for (int index = 0; index < connections; index++) confirm(fds[index], share);
  printf("%.1f\n", (double)share * connections / (1 << 20) / (now() - begun));
}

struct client {
  uint64_t sequence;
  uint64_t got;
};

static struct client clients[MAX_FD];

/* Of each message of each connection. */
static uint64_t message_seed(int fd) { return seed_of(fd) + clients[fd].sequence * MESSAGE; }

static void ask(int fd) {
  static char request[MESSAGE] __attribute__((aligned(64)));
  clients[fd].sequence++;
  clients[fd].got = 0;
  pattern_fill(request, 0, MESSAGE, message_seed(fd));
  write_all(fd, request, MESSAGE);
}

static int begin(int epoll, int port) {
  static uint64_t begun;
  int fd = dial(port);
  clients[fd] = (struct client){.sequence = begun++ << 16};
  watch(epoll, fd, EPOLLIN);
  ask(fd);
  return fd;
}

/* Whether an answer is complete; a wrong byte ends the run. */
static int answered(int fd) {
  static char answer[MESSAGE] __attribute__((aligned(64)));
  struct client *client = &clients[fd];
  ssize_t count = recv(fd, answer, (size_t)(MESSAGE - client->got), MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return 0;
  if (count <= 0) die("an answer is missing");
  pattern_check(answer, client->got, (size_t)count, message_seed(fd));
  client->got += (uint64_t)count;
  return client->got == MESSAGE;
}

static void requests(int port, int connections, int milliseconds, int anew) {
  struct epoll_event events[EVENTS];
  int epoll = need(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  for (int index = 0; index < connections; index++) begin(epoll, port);
  long done = 0;
  double begun = now();
  double end = begun + milliseconds / 1e3;
  double time = begun;
  while (time < end) {
    int count = epoll_wait(epoll, events, EVENTS, 1000);
    for (int index = 0; index < count; index++) {
      int fd = events[index].data.fd;
      if (!answered(fd)) continue;
      done++;
      if (anew) {
        close(fd);
        begin(epoll, port);
      } else {
        ask(fd);
      }
    }
    time = now();
  }
  printf("%.1f\n", (double)done / (time - begun));
}

static int by_value(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static void pingpong(int port, int count) {
  static char message[PING] __attribute__((aligned(64)));
  int fd = dial(port);
  double *times = calloc((size_t)count, sizeof *times);
  for (int index = 0; index < count; index++) {
    uint64_t seed = seed_of(fd) + (uint64_t)index * PING;
    pattern_fill(message, 0, PING, seed);
    double begun = now();
    write_all(fd, message, PING);
    if (recv(fd, message, PING, MSG_WAITALL) != PING) die("recv");
    times[index] = (now() - begun) * 1e6;
    pattern_check(message, 0, PING, seed);
  }
  qsort(times, (size_t)count, sizeof *times, by_value);
  printf("%.2f\n", times[count / 2]);
}

static void idle(int port, int connections) {
  for (int index = 0; index < connections; index++) {
    int fd = dial(port);
    char byte = 1;
    write_all(fd, &byte, 1);
    if (recv(fd, &byte, 1, MSG_WAITALL) != 1 || byte != 1) die("recv");
  }
  printf("%d\n", connections);
  fflush(stdout);
  while (read(0, buffer, sizeof buffer) > 0) continue;
}

int main(int count, char **word) {
  struct rlimit limit;
  signal(SIGPIPE, SIG_IGN);
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const char *what = count > 1 ? word[1] : "";
  int port = count > 2 ? atoi(word[2]) : 0;
  int first = count > 3 ? atoi(word[3]) : 0;
  int second = count > 4 ? atoi(word[4]) : 0;
  if (strcmp(what, "serve") == 0) serve();
  if (strcmp(what, "bulk") == 0) bulk(port, first);
  if (strcmp(what, "flood") == 0) flood(port, first, second);
  if (strcmp(what, "requests") == 0) requests(port, first, second, 0);
  if (strcmp(what, "connections") == 0) requests(port, first, second, 1);
  if (strcmp(what, "pingpong") == 0) pingpong(port, first);
  if (strcmp(what, "idle") == 0) idle(port, first);
  return 0;
}

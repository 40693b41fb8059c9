/*
 * The load for the benchmarks of relays, in C so that it is not what limits them.
 *
 *   load serve                            prints two ports: one echoes, one takes and checks
 *   load bulk PORT MIB                    sends so much; answers MiB/s
 *   load requests PORT CONNECTIONS MS     1 KiB there and back on kept connections; answers 1/s
 *   load connections PORT CONNECTIONS MS  the same, a new connection for each; answers 1/s
 *   load pingpong PORT COUNT              64 bytes there and back; answers the median in µs
 *   load idle PORT CONNECTIONS            holds them, one echo each, until stdin ends
 *
 * Every message is compared with what was sent. Of a bulk each page carries its place in the
 * stream, and the length is told back: nothing can be lost, doubled or out of order unseen.
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

enum { PIECE = 262144, PAGE = 4096, MESSAGE = 1024, EVENTS = 256, MAX_FD = 65536 };

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

static int dial(int port) {
  struct sockaddr_in address = loopback(port);
  int fd = need(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  need(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
  no_delay(fd);
  return fd;
}

static void watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
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
  int fd = need(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  need(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
  need(listen(fd, 4096), "listen");
  getsockname(fd, (struct sockaddr *)&address, &length);
  *port = ntohs(address.sin_port);
  watch(epoll, fd);
  return fd;
}

static char buffer[PIECE];
/* Of each descriptor: -1 echoes, otherwise how many bytes it took. */
static int64_t taken[MAX_FD];

static void accept_all(int epoll, int listener, int64_t start) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    no_delay(fd);
    taken[fd] = start;
    watch(epoll, fd);
  }
}

/* The word at the start of each page is the place of the page. */
static void check_pages(int64_t place, const char *bytes, int64_t length) {
  int64_t at = (PAGE - place % PAGE) % PAGE;
  for (; at + 8 <= length; at += PAGE) {
    int64_t word;
    memcpy(&word, bytes + at, sizeof word);
    if (word != place + at) {
      fprintf(stderr, "load: at %ld stands %ld\n", (long)(place + at), (long)word);
      exit(1);
    }
  }
}

static void serve_one(int fd) {
  ssize_t count = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count > 0 && taken[fd] < 0) {
    write_all(fd, buffer, (size_t)count);
    return;
  }
  if (count > 0) {
    check_pages(taken[fd], buffer, count);
    taken[fd] += count;
    return;
  }
  if (taken[fd] >= 0) write_all(fd, &taken[fd], sizeof taken[fd]);
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

static void bulk(int port, int64_t mib) {
  int fd = dial(port);
  int64_t total = mib << 20;
  int64_t told = 0;
  double begun = now();
  for (int64_t sent = 0; sent < total; sent += PIECE) {
    for (int64_t at = 0; at < PIECE; at += PAGE) {
      int64_t place = sent + at;
      memcpy(buffer + at, &place, sizeof place);
    }
    write_all(fd, buffer, PIECE);
  }
  shutdown(fd, SHUT_WR);
  if (recv(fd, &told, sizeof told, MSG_WAITALL) != sizeof told || told != total) {
    fprintf(stderr, "load: %ld of %ld bytes arrived\n", (long)told, (long)total);
    exit(1);
  }
  printf("%.1f\n", (double)mib / (now() - begun));
}

struct client {
  int32_t sequence;
  int32_t got;
};

static struct client clients[MAX_FD];
static char request[MESSAGE];

static void ask(int fd) {
  clients[fd].sequence++;
  clients[fd].got = 0;
  memcpy(request, &clients[fd].sequence, 4);
  memcpy(request + MESSAGE - 4, &fd, 4);
  write_all(fd, request, MESSAGE);
}

static int begin(int epoll, int port) {
  int fd = dial(port);
  clients[fd] = (struct client){0};
  watch(epoll, fd);
  ask(fd);
  return fd;
}

/* Whether an answer is complete; a wrong one ends the run. */
static int answered(int fd) {
  struct client *client = &clients[fd];
  char answer[MESSAGE];
  ssize_t count = recv(fd, answer, (size_t)(MESSAGE - client->got), MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return 0;
  if (count <= 0) die("an answer is missing");
  if (client->got == 0 && count >= 4 && memcmp(answer, &client->sequence, 4) != 0) {
    die("a wrong answer");
  }
  client->got += (int32_t)count;
  if (client->got < MESSAGE) return 0;
  if (count >= 4 && memcmp(answer + count - 4, &fd, 4) != 0) die("another's answer");
  return 1;
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
  char out[64] = {0}, in[64];
  int fd = dial(port);
  double *times = calloc((size_t)count, sizeof *times);
  for (int index = 0; index < count; index++) {
    memcpy(out, &index, sizeof index);
    double begun = now();
    write_all(fd, out, sizeof out);
    if (recv(fd, in, sizeof in, MSG_WAITALL) != sizeof in) die("recv");
    times[index] = (now() - begun) * 1e6;
    if (memcmp(in, out, sizeof in) != 0) die("a wrong answer");
  }
  qsort(times, (size_t)count, sizeof *times, by_value);
  printf("%.2f\n", times[count / 2]);
}

static void idle(int port, int connections) {
  for (int index = 0; index < connections; index++) {
    int fd = dial(port);
    char byte = 1;
    write_all(fd, &byte, 1);
    if (recv(fd, &byte, 1, MSG_WAITALL) != 1) die("recv");
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
  if (strcmp(what, "requests") == 0) requests(port, first, second, 0);
  if (strcmp(what, "connections") == 0) requests(port, first, second, 1);
  if (strcmp(what, "pingpong") == 0) pingpong(port, first);
  if (strcmp(what, "idle") == 0) idle(port, first);
  return 0;
}

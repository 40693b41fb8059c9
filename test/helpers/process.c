/*
 * A process for the conformance rows: it makes the system calls it is told, one line each on a
 * socket, so that blocking, inheritance, signals and deaths can be watched from outside.
 *
 * Requests: call NUMBER A0..A5 | sweep COUNT STRIDE NUMBER A0..A5 | blob HEX | peek ADDRESS LENGTH
 * | poke ADDRESS HEX | run ADDRESS | signal N default|ignore|handle|restart | count N | info N |
 * fork | exec | exit CODE. One line answers each.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_LINE = 1 << 20 };

static int channel = 3;
static volatile sig_atomic_t count[65];
static volatile int info[65][3];

static void on_signal(int number, siginfo_t *detail, void *context) {
  (void)context;
  count[number]++;
  info[number][0] = detail->si_code;
  info[number][1] = detail->si_fd;
  info[number][2] = (int)detail->si_band;
}

static void reply(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    ssize_t n = write(channel, text, left);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(70);
    text += n;
    left -= (size_t)n;
  }
}

static void reply_number(long number) {
  char text[32];
  snprintf(text, sizeof text, "%ld\n", number);
  reply(text);
}

/* Reads one byte at a time: a request must not swallow what a sibling is to read. */
static int next_line(char *line) {
  size_t length = 0;
  while (length < MAX_LINE - 1) {
    ssize_t n = read(channel, line + length, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;
    if (line[length] == '\n') break;
    length++;
  }
  line[length] = 0;
  return 1;
}

static size_t from_hex(const char *hex, unsigned char *out) {
  size_t length = 0;
  unsigned byte;
  while (sscanf(hex + 2 * length, "%2x", &byte) == 1) out[length++] = (unsigned char)byte;
  return length;
}

static void read_registers(char *arguments, long *a) {
  for (int index = 0; index < 7 && *arguments != 0; index++) {
    a[index] = strtol(arguments, &arguments, 10);
  }
}

static long make_call(const long *a) {
  long result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
  return result == -1 ? -errno : result;
}

static void call(char *arguments) {
  long a[7] = {0};
  read_registers(arguments, a);
  reply_number(make_call(a));
}

/* The call again and again, its first argument one stride further each time, until it fails. */
static void sweep(char *arguments) {
  long a[7] = {0}, result = 0;
  long count = strtol(arguments, &arguments, 10);
  long stride = strtol(arguments, &arguments, 10);
  read_registers(arguments, a);
  for (; count > 0 && result >= 0; count--, a[1] += stride) result = make_call(a);
  reply_number(result);
}

static void set_signal(const char *arguments) {
  int number = 0;
  char how[16] = "";
  struct sigaction action = {.sa_flags = SA_SIGINFO};
  if (sscanf(arguments, "%d %15s", &number, how) != 2) exit(64);
  action.sa_sigaction = on_signal;
  if (strcmp(how, "restart") == 0) action.sa_flags |= SA_RESTART;
  if (strcmp(how, "ignore") == 0) action = (struct sigaction){.sa_handler = SIG_IGN};
  if (strcmp(how, "default") == 0) action = (struct sigaction){.sa_handler = SIG_DFL};
  reply_number(sigaction(number, &action, NULL) == 0 ? 0 : -errno);
}

static void peek(char *arguments) {
  const unsigned char *from = (const unsigned char *)strtoul(arguments, &arguments, 10);
  size_t length = strtoul(arguments, &arguments, 10);
  char *hex = malloc(2 * length + 2);
  for (size_t index = 0; index < length; index++) sprintf(hex + 2 * index, "%02x", from[index]);
  strcpy(hex + 2 * length, "\n");
  reply(hex);
  free(hex);
}

static void poke(char *arguments) {
  unsigned char *to = (unsigned char *)strtoul(arguments, &arguments, 10);
  reply_number((long)from_hex(arguments + 1, to));
}

static void fork_here(void) {
  pid_t child = fork();
  if (child != 0) {
    reply_number(child < 0 ? -errno : child);
    return;
  }
  /* The child answers on the next channel from here on; it ends when the test closes that. */
  close(channel++);
}

static void exec_here(void) {
  char number[16];
  snprintf(number, sizeof number, "%d", channel);
  char *const arguments[] = {"process", number, NULL};
  execv("/proc/self/exe", arguments);
  reply_number(-errno);
}

static void serve(char *line) {
  char *space = strchr(line, ' ');
  char *arguments = space == NULL ? line + strlen(line) : space + 1;
  if (space != NULL) *space = 0;
  if (strcmp(line, "call") == 0) return call(arguments);
  if (strcmp(line, "sweep") == 0) return sweep(arguments);
  if (strcmp(line, "blob") == 0) {
    unsigned char *bytes = malloc(strlen(arguments) / 2 + 1);
    from_hex(arguments, bytes);
    return reply_number((long)bytes);
  }
  if (strcmp(line, "peek") == 0) return peek(arguments);
  if (strcmp(line, "poke") == 0) return poke(arguments);
  if (strcmp(line, "run") == 0) {
    ((void (*)(void))strtoul(arguments, NULL, 10))();
    return reply_number(0);
  }
  if (strcmp(line, "signal") == 0) return set_signal(arguments);
  if (strcmp(line, "count") == 0) return reply_number(count[atoi(arguments)]);
  if (strcmp(line, "info") == 0) {
    char text[64];
    int n = atoi(arguments);
    snprintf(text, sizeof text, "%d %d %d\n", info[n][0], info[n][1], info[n][2]);
    return reply(text);
  }
  if (strcmp(line, "fork") == 0) return fork_here();
  if (strcmp(line, "exec") == 0) return exec_here();
  if (strcmp(line, "exit") == 0) _exit(atoi(arguments));
  exit(64);
}

int main(int argc, char **argv) {
  char *line = malloc(MAX_LINE);
  /* After exec the answer to the request is the new program's first line. */
  if (argc > 1) {
    channel = atoi(argv[1]);
    reply_number(0);
  }
  while (next_line(line)) serve(line);
  return 0;
}

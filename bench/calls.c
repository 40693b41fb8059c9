/*
 * The calls of bench/calls.ts as C makes them, COUNT times; with `threaded` beside a second thread
 * that sleeps. Prints nanoseconds per call as JSON.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void *sleep_for_ever(void *unused) {
  for (;;) pause();
  return unused;
}

int main(int argc, char **argv) {
  const long count = argc > 1 ? atol(argv[1]) : 1000000;
  int fds[2];
  pthread_t thread;
  if (argc > 2 && pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0) return 1;
  if (pipe(fds) != 0) return 1;

  double start = now();
  for (long index = 0; index < count; index++) {
    if (close(dup(fds[0])) != 0) return 1;
  }
  const double dup_close = (now() - start) / (double)count;

  start = now();
  for (long index = 0; index < count; index++) {
    if (fcntl(fds[0], F_GETFL) == -1) return 1;
  }
  const double getfl = (now() - start) / (double)count;

  start = now();
  for (long index = 0; index < count; index++) {
    if (dup(-1) != -1) return 1;
  }
  const double failing = (now() - start) / (double)count;

  start = now();
  for (long index = 0; index < count; index++) {
    if (fcntl(fds[1], F_GETFD) != 0) return 1;
  }
  const double succeeding = (now() - start) / (double)count;

  printf(
    "{\"dup+close\":%f,\"fcntl(F_GETFL)\":%f,\"failing\":%f,\"succeeding\":%f}\n", dup_close, getfl,
    failing, succeeding
  );
  return 0;
}

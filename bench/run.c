/*
 * run COMMAND…: runs it, and writes what it took to descriptor 3, as JSON: seconds until its end,
 * CPU seconds, and the most memory it held, in MB. The command does not get descriptor 3.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int count, char **words) {
  struct rusage usage;
  int status;
  if (count < 2) return 2;
  double begun = now();
  pid_t child = fork();
  if (child == 0) {
    close(3);
    execvp(words[1], words + 1);
    perror(words[1]);
    _exit(127);
  }
  if (child < 0 || wait4(child, &status, 0, &usage) != child) {
    perror("run");
    return 1;
  }
  double cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  dprintf(3, "{\"seconds\":%.6f,\"cpu\":%.6f,\"memory\":%.3f}\n", now() - begun, cpu,
          (double)usage.ru_maxrss * 1024 / 1e6);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

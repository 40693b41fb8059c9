/*
 * The small files of bench/map.ts in C: `map` or `read`, and the files of 100, 4096 and 65536
 * bytes. Prints microseconds from a file's name to its first byte and until it is closed, as JSON.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TIMES = 4000, TRIES = 4 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int first_mapped(int fd, size_t size) {
  volatile char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED) return -1;
  const int first = bytes[0];
  munmap((void *)bytes, size);
  return first;
}

static int first_read(int fd, size_t size) {
  static char bytes[65536];
  return read(fd, bytes, size) == (ssize_t)size ? bytes[0] : -1;
}

static int first_of(const char *name, int (*first)(int, size_t)) {
  struct stat stat;
  const int fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &stat) != 0) return -1;
  const int byte = first(fd, (size_t)stat.st_size);
  close(fd);
  return byte;
}

/* Microseconds for each, in the best try; negative where a byte is wrong. */
static double best_of(const char *name, int (*first)(int, size_t)) {
  double best = 1e9;
  for (int tried = 0; tried < TRIES; tried++) {
    const double start = now();
    for (int times = 0; times < TIMES; times++) {
      if (first_of(name, first) != 'a') return -1;
    }
    const double took = now() - start;
    if (took < best) best = took;
  }
  return best / TIMES;
}

int main(int argc, char **argv) {
  static const char *const keys[] = {"100", "4096", "65536"};
  if (argc != 5) return 2;
  for (int file = 0; file < 3; file++) {
    const bool maps = strcmp(argv[1], "map") == 0;
    const double took = best_of(argv[2 + file], maps ? first_mapped : first_read);
    if (took < 0) return 1;
    printf("%s\"%s\":%f", file == 0 ? "{" : ",", keys[file], took);
  }
  puts("}");
  return 0;
}

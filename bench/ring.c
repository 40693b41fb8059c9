/*
 * COUNT messages of SIZE bytes there and back over a socket pair, the other end in a child. Every
 * byte that comes back is compared. Prints microseconds each as JSON.
 */
#include "pattern.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int whole(int fd, char *bytes, size_t size) {
  for (size_t at = 0; at < size;) {
    const ssize_t count = read(fd, bytes + at, size - at);
    if (count <= 0) return 0;
    at += (size_t)count;
  }
  return 1;
}

int main(int argc, char **argv) {
  const long count = argc > 1 ? atol(argv[1]) : 100000;
  const size_t size = argc > 2 ? (size_t)atol(argv[2]) : 100;
  const size_t words = (size + WORD - 1) / WORD * WORD;
  char *bytes = aligned_alloc(64, (words + 63) / 64 * 64);
  int pair[2];
  if (bytes == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 1;
  if (fork() == 0) {
    close(pair[0]);
    while (whole(pair[1], bytes, size)) {
      if (write(pair[1], bytes, size) != (ssize_t)size) return 1;
    }
    return 0;
  }
  close(pair[1]);
  double begun = now();
  for (long index = -count / 10; index < count; index++) {
    const uint64_t seed = (uint64_t)(index + count) * 1000;
    if (index == 0) begun = now();
    pattern_fill(bytes, 0, words, seed);
    if (write(pair[0], bytes, size) != (ssize_t)size || !whole(pair[0], bytes, size)) return 1;
    pattern_check(bytes, 0, size, seed);
  }
  printf("%f\n", (now() - begun) / (double)count);
  return 0;
}

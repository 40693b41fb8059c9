/*
 * The content of every stream: word n, eight bytes of this machine's order, is the stream's seed
 * plus n. No two words of a stream are alike and no two streams share one, so that a byte that is
 * lost, doubled, changed, out of order or another's is seen, whichever it is.
 *
 * The loops are such that the compiler makes vectors of them: a GiB costs a few hundredths of a
 * second to make and as much to check, a tenth of what it costs to send it.
 */
#ifndef PATTERN_H
#define PATTERN_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GLIBC__)
#define WIDEST __attribute__((target_clones("avx2", "default")))
#else
#define WIDEST
#endif

enum { WORD = sizeof(uint64_t) };

/* Fills whole words; `place` is that of the first in its stream, in bytes, and whole words too. */
WIDEST static void pattern_fill(char *bytes, uint64_t place, size_t length, uint64_t seed) {
  uint64_t *words = (uint64_t *)__builtin_assume_aligned(bytes, WORD);
  uint64_t first = seed + place / WORD;
  for (size_t index = 0; index < length / WORD; index++) words[index] = first + index;
}

WIDEST static uint64_t pattern_differences(const char *bytes, size_t words, uint64_t first) {
  uint64_t differences = 0;
  for (size_t index = 0; index < words; index++) {
    uint64_t word;
    memcpy(&word, bytes + index * WORD, WORD);
    differences |= word ^ (first + index);
  }
  return differences;
}

static int pattern_is_byte(char byte, uint64_t place, uint64_t seed) {
  uint64_t word = seed + place / WORD;
  return memcmp(&byte, (const char *)&word + place % WORD, 1) == 0;
}

/* Whether every byte is what the stream has there; any place and any length. */
static int pattern_holds(const char *bytes, uint64_t place, size_t length, uint64_t seed) {
  while (length > 0 && place % WORD != 0) {
    if (!pattern_is_byte(*bytes, place, seed)) return 0;
    bytes++, place++, length--;
  }
  size_t words = length / WORD;
  if (pattern_differences(bytes, words, seed + place / WORD) != 0) return 0;
  for (size_t at = words * WORD; at < length; at++) {
    if (!pattern_is_byte(bytes[at], place + at, seed)) return 0;
  }
  return 1;
}

/* Ends the program, naming the place, where a byte is another. */
static inline void pattern_check(const char *bytes, uint64_t place, size_t length, uint64_t seed) {
  if (pattern_holds(bytes, place, length, seed)) return;
  size_t at = 0;
  while (pattern_holds(bytes + at, place + at, 1, seed)) at++;
  fprintf(stderr, "another byte than was sent, at %llu\n", (unsigned long long)(place + at));
  exit(1);
}

#endif

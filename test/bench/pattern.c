/*
 * Every piece of the first words of a stream, of any start and length, holds; and with any one of
 * its bits flipped, or at any other place, it does not. Prints what is otherwise.
 */
#include "../../bench/pattern.h"

enum { BYTES = 96 };

static int wrong;

static void expect(int holds, int wanted, size_t start, size_t length) {
  if (!holds == !wanted) return;
  printf("from %zu, of %zu: %s\n", start, length, wanted ? "does not hold" : "holds");
  wrong = 1;
}

int main(void) {
  static char bytes[BYTES] __attribute__((aligned(64)));
  uint64_t seed = 0x0123456789abcd00;
  uint64_t place = 1 << 20;
  pattern_fill(bytes, place, BYTES, seed);
  for (size_t start = 0; start < 2 * WORD; start++) {
    for (size_t length = 1; length <= BYTES - start; length++) {
      char *piece = bytes + start;
      expect(pattern_holds(piece, place + start, length, seed), 1, start, length);
      for (size_t bit = 0; bit < 8 * length; bit++) {
        piece[bit / 8] ^= (char)(1 << bit % 8);
        expect(pattern_holds(piece, place + start, length, seed), 0, start, length);
        piece[bit / 8] ^= (char)(1 << bit % 8);
      }
      if (length < 2 * WORD) continue;
      expect(pattern_holds(piece, place + start + 1, length, seed), 0, start, length);
      expect(pattern_holds(piece, place + start + WORD, length, seed), 0, start, length);
      expect(pattern_holds(piece, place + start, length, seed + 1), 0, start, length);
    }
  }
  if (!wrong) pattern_check(bytes, place, BYTES, seed);
  return wrong;
}

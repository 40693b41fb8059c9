/*
 * Areas of memory in reserve. A process may have only so many (vm.max_map_count). Where a mapping
 * full of holes has used them up, the guard puts one area in the place of all of these; but where
 * Linux has joined an end of it with a neighbour, to cut there takes one more. Then the reserve is
 * dropped, by the handler.
 */
#include "environment.h"

#include <stdatomic.h>
#include <sys/mman.h>

enum { BALLAST_AREAS = 16 };

static atomic_uintptr_t ballast;
static size_t ballast_page;

/* Under guard_lock. Takes the reserve where there is none; where it cannot, there is none. */
static void ballast_take(void) {
  if (atomic_load(&ballast) != 0) return;
  ballast_page = (size_t)sysconf(_SC_PAGESIZE);
  /* Shared: Linux joins it with nothing else's. Every second page differs, so each is an area. */
  const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
  char *start = mmap(NULL, BALLAST_AREAS * ballast_page, PROT_NONE, flags, -1, 0);
  if (start == MAP_FAILED) return;
  for (size_t index = 1; index < BALLAST_AREAS; index += 2) {
    mprotect(start + index * ballast_page, ballast_page, PROT_READ);
  }
  atomic_store(&ballast, (uintptr_t)start);
}

/* Async-signal-safe. Another thread may have dropped it: there is room either way. */
static void ballast_drop(void) {
  const uintptr_t start = atomic_exchange(&ballast, 0);
  if (start != 0) munmap((void *)start, BALLAST_AREAS * ballast_page);
}

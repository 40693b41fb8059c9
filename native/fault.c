/*
 * The handler of the guard against SIGBUS: Linux sends it to a thread that touches a page of a
 * mapping which the file no longer has (it became shorter, its disk is full, its disk failed), and
 * the process dies. For ranges in the table below the handler puts zeroed memory in place of what
 * was lost and counts it, and the thread goes on; every other SIGBUS goes to whoever had it before.
 *
 * The table belongs to the process: a fault may happen on any thread, on libuv's too. The handler
 * takes no lock: it visits the entry that it looks at, and who withdraws an entry waits for its
 * visitors. An entry is withdrawn before its memory is unmapped or becomes anything else.
 */
#include "environment.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { CHUNK = 1024, MAX_CHUNKS = 1024 };

struct guarded {
  atomic_bool live; /* what follows is a range, and stays as it is while somebody visits */
  atomic_uint visitors;
  atomic_uintptr_t start;
  atomic_uintptr_t end;
  atomic_uintptr_t tail; /* from here on it has been replaced */
  uintptr_t unit; /* the size of its pages */
  int fd;         /* the file, ours to close; -1: memory without one */
  off_t offset;   /* of `start` in the file */
  napi_env env;   /* whose it is; NULL: a free entry */
  atomic_uint faults;
  atomic_ullong lost; /* bytes that were replaced */
};

static _Atomic(struct guarded *) guard_chunks[MAX_CHUNKS];
static pthread_mutex_t guard_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- in the handler: async-signal-safe ------------------------------------------------------- */

static bool guard_covers(const struct guarded *range, uintptr_t address) {
  return atomic_load(&range->live) && atomic_load(&range->start) <= address &&
         address < atomic_load(&range->end);
}

static void guard_leave(struct guarded *range) {
  atomic_fetch_sub(&range->visitors, 1);
}

/* Looks again once it visits: the entry may have become another range's in between. */
static struct guarded *guard_visit(uintptr_t address) {
  for (size_t chunk = 0; chunk < MAX_CHUNKS; chunk++) {
    struct guarded *entries = atomic_load(&guard_chunks[chunk]);
    if (entries == NULL) return NULL;
    for (size_t index = 0; index < CHUNK; index++) {
      struct guarded *range = &entries[index];
      if (!guard_covers(range, address)) continue;
      atomic_fetch_add(&range->visitors, 1);
      if (guard_covers(range, address)) return range;
      guard_leave(range);
    }
  }
  return NULL;
}

static bool guard_replace(uintptr_t first, uintptr_t end) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  return mmap((void *)first, end - first, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED;
}

/* What the file still has of the range, in whole pages. A device has no size of its own. */
static uintptr_t guard_kept(const struct guarded *range, uintptr_t whole) {
  struct stat stat;
  if (range->fd < 0 || fstat(range->fd, &stat) != 0 || !S_ISREG(stat.st_mode)) return whole;
  const off_t left = stat.st_size > range->offset ? stat.st_size - range->offset : 0;
  if ((uintptr_t)left >= whole) return whole;
  return ((uintptr_t)left + range->unit - 1) / range->unit * range->unit;
}

/*
 * All pages behind the end of the file at once: one by one they would be more areas than a process
 * may have (vm.max_map_count). A page inside the file is replaced alone, for its neighbours are
 * good; where that would be an area too many, the whole range goes, which needs none more.
 */
static bool guard_replace_lost(struct guarded *range, uintptr_t address) {
  const uintptr_t start = atomic_load(&range->start), end = atomic_load(&range->end);
  const uintptr_t page = address - (address - start) % range->unit;
  const uintptr_t first = start + guard_kept(range, end - start);
  uintptr_t tail = atomic_load(&range->tail);
  if (first <= page && page < tail && guard_replace(first, tail)) {
    /* Another thread may have replaced it at the same time: it is lost once. */
    if (atomic_compare_exchange_strong(&range->tail, &tail, first)) {
      atomic_fetch_add(&range->lost, tail - first);
    }
    return true;
  }
  if (guard_replace(page, page + range->unit)) {
    atomic_fetch_add(&range->lost, range->unit);
    return true;
  }
  if (!guard_replace(start, end)) {
    ballast_drop();
    if (!guard_replace(start, end)) return false;
  }
  atomic_store(&range->tail, start);
  atomic_store(&range->lost, end - start);
  return true;
}

static bool guard_heal(uintptr_t address) {
  struct guarded *range = guard_visit(address);
  if (range == NULL) return false;
  atomic_fetch_add(&range->faults, 1);
  const bool healed = guard_replace_lost(range, address);
  guard_leave(range);
  return healed;
}

/* What was there before us, first and last: a library that chains to us may be on top of the first,
 * and so come back here. */
static struct sigaction guard_first;
static struct sigaction guard_before[2];
static atomic_int guard_latest;

/*
 * In a signal handler nothing may be allocated: glibc does where a thread first uses its variables,
 * unless they are static. musl has made them by then, and loads no library of static ones.
 */
#ifdef __GLIBC__
#define OF_THE_THREAD static __thread volatile __attribute__((tls_model("initial-exec")))
#else
#define OF_THE_THREAD static __thread volatile
#endif

OF_THE_THREAD int guard_depth;
/* How often something was replaced under this thread: bounce.c asks. */
OF_THE_THREAD unsigned guard_healed;
/* Where a fault was that is in none of the ranges, and how many had been withdrawn by then. */
OF_THE_THREAD uintptr_t guard_missed;
OF_THE_THREAD unsigned guard_missed_after;
static atomic_uint guard_withdrawn;

static void guard_die(int signal, const siginfo_t *detail) {
  const struct sigaction deadly = {.sa_handler = SIG_DFL};
  sigaction(signal, &deadly, NULL);
  /* A fault happens again on return; what was sent by kill(2), or for later, does not. */
  if (detail->si_code <= 0 || detail->si_code == BUS_MCEERR_AO) raise(signal);
}

static void guard_pass_on(int signal, siginfo_t *detail, void *context) {
  const struct sigaction *before =
    guard_depth == 0 ? &guard_before[atomic_load(&guard_latest)] : &guard_first;
  guard_depth++;
  if ((before->sa_flags & SA_SIGINFO) != 0) {
    before->sa_sigaction(signal, detail, context);
  } else if (
    before->sa_handler == SIG_DFL || (before->sa_handler == SIG_IGN && detail->si_code > 0)
  ) {
    guard_die(signal, detail);
  } else if (before->sa_handler != SIG_IGN) {
    before->sa_handler(signal);
  }
  guard_depth--;
}

/*
 * Whether a fault that is not ours is seen here for the first time. A range may have been let go
 * between the fault and its handler, by another thread: then its memory is good by now, and who
 * looks again finds zeros. What is really somebody else's faults again, with none let go meanwhile.
 */
static bool guard_doubts(uintptr_t address) {
  const unsigned withdrawn = atomic_load(&guard_withdrawn);
  const bool again = guard_missed == address && guard_missed_after == withdrawn;
  guard_missed = address;
  guard_missed_after = withdrawn;
  return !again;
}

static void on_bus_error(int signal, siginfo_t *detail, void *context) {
  const int saved = errno;
  const uintptr_t address = (uintptr_t)detail->si_addr;
  const bool fault = detail->si_code == BUS_ADRERR || detail->si_code == BUS_MCEERR_AR;
  if (fault && guard_heal(address)) guard_healed++;
  else if (!fault || guard_depth > 0 || !guard_doubts(address))
    guard_pass_on(signal, detail, context);
  errno = saved;
}

/* ---- installing it --------------------------------------------------------------------------- */

/* Under guard_lock, for good. */
static bool guard_installed;

/* Under guard_lock. 0: it was in place; 1: it was put there, on top of what was. */
static long guard_install(void) {
  struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  struct sigaction present;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGBUS, NULL, &present) != 0) return -errno;
  if ((present.sa_flags & SA_SIGINFO) != 0 && present.sa_sigaction == on_bus_error) return 0;
  if (!guard_installed) guard_first = present;
  guard_installed = true;
  /* Another thread may be in the handler: it goes on with the one it has read. */
  const int next = 1 - atomic_load(&guard_latest);
  guard_before[next] = present;
  atomic_store(&guard_latest, next);
  return sigaction(SIGBUS, &action, NULL) == 0 ? 1 : -errno;
}

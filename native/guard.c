/*
 * The guard against SIGBUS, as JavaScript has it: `guard`, `guard_state`, `guard_renew`, `unguard`.
 * What happens at a fault is in fault.c.
 */
#include "environment.h"

static napi_value guard_renew(napi_env env, napi_callback_info info) {
  (void)info;
  pthread_mutex_lock(&guard_lock);
  /* Where nothing was ever mapped there is nothing to guard. */
  long result = guard_installed ? guard_install() : 0;
  pthread_mutex_unlock(&guard_lock);
  return answer(env, result);
}

/* ---- the table ------------------------------------------------------------------------------- */

static struct guarded *guard_entry(long ticket) {
  if (ticket < 0 || ticket >= (long)CHUNK * MAX_CHUNKS) return NULL;
  struct guarded *entries = atomic_load(&guard_chunks[ticket / CHUNK]);
  return entries == NULL ? NULL : &entries[ticket % CHUNK];
}

/* Where the search for a free entry begins: none is free before it. */
static long guard_free_from;

/* Under guard_lock. */
static long guard_take_entry(void) {
  for (long ticket = guard_free_from; ticket < (long)CHUNK * MAX_CHUNKS; ticket++) {
    _Atomic(struct guarded *) *chunk = &guard_chunks[ticket / CHUNK];
    if (atomic_load(chunk) == NULL) {
      struct guarded *entries = calloc(CHUNK, sizeof *entries);
      if (entries == NULL) return -ENOMEM;
      atomic_store(chunk, entries);
    }
    if (guard_entry(ticket)->env != NULL) continue;
    guard_free_from = ticket + 1;
    return ticket;
  }
  return -ENOMEM;
}

/* Under guard_lock. Answers its descriptor, which nobody looks at any more, or -1. */
static int guard_withdraw(long ticket) {
  struct guarded *range = guard_entry(ticket);
  atomic_fetch_add(&guard_withdrawn, 1);
  atomic_store(&range->live, false);
  while (atomic_load(&range->visitors) > 0) sched_yield();
  range->env = NULL;
  if (ticket < guard_free_from) guard_free_from = ticket;
  return range->fd;
}

static void guard_environment_ends(napi_env env) {
  pthread_mutex_lock(&guard_lock);
  for (long ticket = 0; guard_entry(ticket) != NULL; ticket++) {
    if (guard_entry(ticket)->env != env) continue;
    const int fd = guard_withdraw(ticket);
    if (fd >= 0) close(fd);
  }
  pthread_mutex_unlock(&guard_lock);
}

/* Under guard_lock. The arguments: address, length, unit, fd, offset. */
static long guard_add(napi_env env, const long *argument) {
  TRY(guard_install());
  ballast_take();
  const long ticket = guard_take_entry();
  if (ticket < 0) return ticket;
  struct guarded *range = guard_entry(ticket);
  range->unit = (uintptr_t)argument[2];
  range->fd = (int)argument[3];
  range->offset = (off_t)argument[4];
  range->env = env;
  const uintptr_t start = (uintptr_t)argument[0], end = start + (uintptr_t)argument[1];
  atomic_store(&range->start, start);
  atomic_store(&range->end, end);
  atomic_store(&range->tail, end);
  atomic_store(&range->faults, 0);
  atomic_store(&range->lost, 0);
  atomic_store(&range->live, true);
  return ticket;
}

static bool is_power_of_two(long number) {
  return number > 0 && (number & (number - 1)) == 0;
}

static long make_guard(napi_env env, const napi_value *parameter) {
  long argument[5];
  TRY(read_offset(env, parameter[0], &argument[0]));
  TRY(read_size(env, parameter[1], &argument[1]));
  TRY(read_size(env, parameter[2], &argument[2]));
  TRY(read_fd(env, parameter[3], &argument[3]));
  TRY(read_size(env, parameter[4], &argument[4]));
  const long page = sysconf(_SC_PAGESIZE), unit = argument[2];
  if (!is_power_of_two(unit) || unit < page) return -EINVAL;
  if (argument[0] <= 0 || argument[1] <= 0 || argument[0] > LONG_MAX - argument[1]) return -EINVAL;
  if (argument[0] % unit != 0 || argument[1] % unit != 0) return -EINVAL;
  pthread_mutex_lock(&guard_lock);
  long result = guard_add(env, argument);
  pthread_mutex_unlock(&guard_lock);
  return result;
}

static napi_value guard(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_guard);
}

/* Under guard_lock. The entry of this ticket, if it is the environment's; otherwise NULL. */
static struct guarded *guard_of(napi_env env, long ticket) {
  struct guarded *range = guard_entry(ticket);
  return range != NULL && range->env == env ? range : NULL;
}

/* The size of its file; 0: it has none, or that cannot be told. */
static int64_t guard_size(const struct guarded *range) {
  struct stat stat;
  return range->fd >= 0 && fstat(range->fd, &stat) == 0 ? (int64_t)stat.st_size : 0;
}

/* Fills the state, and ends the guard where this is the last look. */
static long guard_look(napi_env env, const napi_value *parameter, bool last) {
  long ticket;
  struct memory state;
  TRY(read_size(env, parameter[0], &ticket));
  TRY(read_array(env, parameter[1], napi_bigint64_array, 3, &state));
  pthread_mutex_lock(&guard_lock);
  const struct guarded *range = guard_of(env, ticket);
  pthread_mutex_unlock(&guard_lock);
  if (range == NULL) return -EINVAL;
  /* Not under the lock: a file system may take its time. Nobody else ends what is this thread's. */
  int64_t words[3] = {0, 0, guard_size(range)};
  pthread_mutex_lock(&guard_lock);
  words[0] = (int64_t)atomic_load(&range->faults);
  words[1] = (int64_t)atomic_load(&range->lost);
  const int fd = last ? guard_withdraw(ticket) : -1;
  pthread_mutex_unlock(&guard_lock);
  if (fd >= 0) close(fd);
  memcpy(state.data, words, sizeof words);
  return 0;
}

static long make_guard_state(napi_env env, const napi_value *parameter) {
  return guard_look(env, parameter, false);
}

static napi_value guard_state(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_guard_state);
}

static long make_unguard(napi_env env, const napi_value *parameter) {
  return guard_look(env, parameter, true);
}

static napi_value unguard(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_unguard);
}

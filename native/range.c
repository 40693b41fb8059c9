/*
 * Ranges of addresses that belong to an ArrayBuffer: `own`, `disown`. The addon does not unmap them
 * while the environment lives: V8 telling that an ArrayBuffer is gone does not mean that no job of
 * Node's still has its address (a detach frees it at the next tick, whatever a zlib on another
 * thread is doing). It tells, and whoever owns the range decides. When the environment ends nobody
 * is left to decide and no job is left either, for Node waits for them before: then it is unmapped.
 */
#include "environment.h"

#include <sys/mman.h>

struct owned {
  void *address;
  size_t length;
  napi_ref released; /* called when V8 has let go; NULL once it is disowned */
  bool viewed;       /* V8 has not let go yet */
  bool listed;       /* nobody has disowned it */
};

static void owned_free(struct owned *range) {
  if (!range->viewed && !range->listed) free(range);
}

/* What the callback holds is garbage at once, rather than when V8 lets go. */
static void owned_forget(napi_env env, struct owned *range) {
  if (range->released != NULL) napi_delete_reference(env, range->released);
  range->released = NULL;
}

/*
 * On the JavaScript thread, where JavaScript may run; also when Node refuses to make the buffer,
 * and when the environment ends.
 */
static void owned_released(napi_env env, void *data, void *hint) {
  struct owned *range = hint;
  napi_value released = NULL;
  (void)data;
  if (range->released != NULL) napi_get_reference_value(env, range->released, &released);
  owned_forget(env, range);
  range->viewed = false;
  if (range->listed && released != NULL) call_back(env, released, 0, NULL);
  else owned_free(range);
}

/* A free place in the list of the environment, or -ENOMEM. */
static long owned_place(struct environment *environment) {
  size_t place = environment->range_free_from;
  while (place < environment->range_places && environment->ranges[place] != NULL) place++;
  if (place == environment->range_places) {
    const size_t places = place == 0 ? 64 : 2 * place;
    struct owned **grown = realloc(environment->ranges, places * sizeof *grown);
    if (grown == NULL) return -ENOMEM;
    memset(grown + place, 0, (places - place) * sizeof *grown);
    environment->ranges = grown;
    environment->range_places = places;
  }
  environment->range_free_from = place + 1;
  return (long)place;
}

/* A free place again. */
static void owned_leave(struct environment *environment, size_t place) {
  if (place < environment->range_free_from) environment->range_free_from = place;
}

static void owned_unlist(struct environment *environment, size_t place) {
  struct owned *range = environment->ranges[place];
  environment->ranges[place] = NULL;
  owned_leave(environment, place);
  range->listed = false;
  owned_free(range);
}

/*
 * Node calls the finalizer even when it cannot make the buffer: it frees the range. Where it may
 * not make any (Electron) it does not get that far.
 */
static long owned_view(
  napi_env env, struct owned *range, size_t start, size_t size, napi_value *buffer
) {
  void *data = (char *)range->address + start;
  napi_status status = view_of(env, data, size, owned_released, range, buffer);
  if (status == napi_ok) return 0;
  forget_exception(env);
  if (status != napi_no_external_buffers_allowed) return -EINVAL;
  napi_delete_reference(env, range->released);
  free(range);
  return -ENOTSUP;
}

static struct owned *owned_create(napi_env env, long address, long length, napi_value released) {
  struct owned *range = calloc(1, sizeof *range);
  if (range == NULL) return NULL;
  range->address = (void *)address;
  range->length = (size_t)length;
  range->viewed = true;
  if (napi_create_reference(env, released, 1, &range->released) == napi_ok) return range;
  free(range);
  return NULL;
}

static long make_own(napi_env env, const napi_value *parameter, napi_value *buffer) {
  long address, length, start, size;
  napi_valuetype type;
  struct memory ticket;
  struct environment *environment = environment_of(env);
  TRY(read_offset(env, parameter[0], &address));
  TRY(read_size(env, parameter[1], &length));
  TRY(read_size(env, parameter[2], &start));
  TRY(read_size(env, parameter[3], &size));
  TRY(read_array(env, parameter[5], napi_int32_array, 1, &ticket));
  if (address <= 0 || length <= 0 || address > LONG_MAX - length) return -EINVAL;
  if (start > length || size > length - start || view_aborts(env, size)) return -EINVAL;
  if (napi_typeof(env, parameter[4], &type) != napi_ok || type != napi_function) return -EINVAL;
  if (environment == NULL) return -ENOMEM;
  const long place = owned_place(environment);
  if (place < 0) return place;
  struct owned *range = owned_create(env, address, length, parameter[4]);
  const long result =
    range == NULL ? -ENOMEM : owned_view(env, range, (size_t)start, (size_t)size, buffer);
  if (result < 0) {
    owned_leave(environment, (size_t)place);
    return result;
  }
  environment->ranges[place] = range;
  range->listed = true;
  *(int32_t *)ticket.data = (int32_t)place;
  return 0;
}

static napi_value own(napi_env env, napi_callback_info info) {
  size_t count = MAX_PARAMETERS;
  napi_value parameter[MAX_PARAMETERS], buffer = NULL;
  if (napi_get_cb_info(env, info, &count, parameter, NULL, NULL) != napi_ok) return NULL;
  long result = make_own(env, parameter, &buffer);
  return result < 0 ? answer(env, result) : buffer;
}

static long make_disown(napi_env env, const napi_value *parameter) {
  long ticket;
  struct environment *environment = environment_of(env);
  TRY(read_size(env, parameter[0], &ticket));
  if (environment == NULL || (size_t)ticket >= environment->range_places) return -EINVAL;
  if (environment->ranges[ticket] == NULL) return -EINVAL;
  owned_forget(env, environment->ranges[ticket]);
  owned_unlist(environment, (size_t)ticket);
  return 0;
}

static napi_value disown(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_disown);
}

static void ranges_end(struct environment *environment) {
  for (size_t place = 0; place < environment->range_places; place++) {
    const struct owned *range = environment->ranges[place];
    if (range == NULL) continue;
    munmap(range->address, range->length);
    owned_unlist(environment, place);
  }
  free(environment->ranges);
}

/*
 * The requests that libuv's loop of this thread has under way: fs, dns, zlib, crypto, and whatever
 * else is on another thread. The beginning of uv_loop_t is part of libuv's binary interface.
 */
struct uv_loop_head {
  void *data;
  unsigned int active_handles;
  void *handle_queue[2];
  union {
    void *unused;
    unsigned int count;
  } active_requests;
};

static long make_requests(napi_env env, const napi_value *parameter) {
  struct environment *environment = environment_of(env);
  struct uv_loop_s *loop;
  (void)parameter;
  if (environment == NULL || environment->threaded) return -ENOTSUP;
  pthread_once(&uv_once, uv_look_up);
  if (!uv.found || uv.get_loop(env, &loop) != napi_ok) return -ENOTSUP;
  return ((const struct uv_loop_head *)loop)->active_requests.count;
}

static napi_value requests(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_requests);
}

/*
 * The door of readiness on Node: libuv's own loop waits, by a uv_poll_t for each door.
 *
 * The functions are looked up at run time, so that no uv_ symbol is undefined in the addon: one
 * kills Deno at load and panics Bun. Whether they are there says nothing (Bun has stubs that
 * panic), so this file is entered only where `initialize` said that libuv is the loop.
 */
#include "door.h"

#include <dlfcn.h>
#include <fcntl.h>

enum { UV_POLL_HANDLE = 8, UV_READABLE_EVENT = 1 };

typedef void (*uv_poll_callback)(void *handle, int status, int events);
typedef void (*uv_close_callback)(void *handle);

static struct {
  napi_status (*get_loop)(napi_env env, struct uv_loop_s **loop);
  size_t (*handle_size)(int type);
  void (*set_data)(void *handle, void *data);
  void *(*get_data)(const void *handle);
  int (*poll_init)(struct uv_loop_s *loop, void *handle, int fd);
  int (*poll_start)(void *handle, int events, uv_poll_callback callback);
  int (*poll_stop)(void *handle);
  void (*close)(void *handle, uv_close_callback callback);
  void (*ref)(void *handle);
  void (*unref)(void *handle);
  bool found;
} uv;

static pthread_once_t uv_once = PTHREAD_ONCE_INIT;

static bool uv_symbol(const char *name, void *slot) {
  void *symbol = dlsym(RTLD_DEFAULT, name);
  memcpy(slot, &symbol, sizeof symbol);
  return symbol != NULL;
}

static void uv_look_up(void) {
  uv.found = uv_symbol("napi_get_uv_event_loop", &uv.get_loop) &&
             uv_symbol("uv_handle_size", &uv.handle_size) &&
             uv_symbol("uv_handle_set_data", &uv.set_data) &&
             uv_symbol("uv_handle_get_data", &uv.get_data) &&
             uv_symbol("uv_poll_init", &uv.poll_init) &&
             uv_symbol("uv_poll_start", &uv.poll_start) &&
             uv_symbol("uv_poll_stop", &uv.poll_stop) && uv_symbol("uv_close", &uv.close) &&
             uv_symbol("uv_ref", &uv.ref) && uv_symbol("uv_unref", &uv.unref);
}

static void uv_door_ready(void *handle, int status, int events) {
  struct door *door = uv.get_data(handle);
  struct environment *environment = door->environment;
  int ticket = door->ticket;
  (void)events;
  door_run(door);
  /* libuv stops a handle with an error condition; this door goes on, as the thread's does. */
  door = door_find(environment, ticket);
  if (status < 0 && door != NULL) uv.poll_start(door->handle, UV_READABLE_EVENT, uv_door_ready);
}

/* uv_poll_init makes the description non-blocking, which others may share: that is taken back. */
static int uv_poll_init_only(struct uv_loop_s *loop, void *handle, int fd) {
  int flags = fcntl(fd, F_GETFL);
  int result = uv.poll_init(loop, handle, fd);
  if (flags >= 0 && !(flags & O_NONBLOCK)) fcntl(fd, F_SETFL, flags);
  return result;
}

static long uv_door_open(struct door *door) {
  struct uv_loop_s *loop;
  pthread_once(&uv_once, uv_look_up);
  if (!uv.found || uv.get_loop(door->environment->env, &loop) != napi_ok) return -ENOSYS;
  /* What uv_poll_init does not open must not be closed: only then is the memory ours to free. */
  void *handle = calloc(1, uv.handle_size(UV_POLL_HANDLE));
  if (handle == NULL) return -ENOMEM;
  int result = uv_poll_init_only(loop, handle, door->fd);
  if (result < 0) {
    free(handle);
    return result;
  }
  uv.set_data(handle, door);
  uv.unref(handle);
  uv.poll_start(handle, UV_READABLE_EVENT, uv_door_ready);
  door->handle = handle;
  return 0;
}

static void uv_door_hold(struct door *door) {
  (door->held ? uv.ref : uv.unref)(door->handle);
}

static void uv_doors_ended(struct environment *environment) {
  if (environment->ending == NULL || environment->closing > 0) return;
  napi_remove_async_cleanup_hook(environment->ending);
}

static void uv_door_closed(void *handle) {
  struct environment *environment = uv.get_data(handle);
  free(handle);
  environment->closing--;
  uv_doors_ended(environment);
}

static void uv_door_close(struct door *door) {
  door->environment->closing++;
  uv.poll_stop(door->handle);
  uv.set_data(door->handle, door->environment);
  uv.close(door->handle, uv_door_closed);
}

/* Asynchronous, because the loop must not be closed before it has given every handle back. */
static void uv_doors_end(napi_async_cleanup_hook_handle hook, void *data) {
  struct environment *environment = data;
  environment->ending = hook;
  doors_close(environment);
  uv_doors_ended(environment);
}

static bool uv_doors_begin(struct environment *environment) {
  return napi_add_async_cleanup_hook(environment->env, uv_doors_end, environment, NULL) == napi_ok;
}

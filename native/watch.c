/* The door of readiness: `watch`, `hold`, `unwatch`, and the doors that C opens for itself. */
#include "door.h"

#include "door_uv.c"
#include "door_thread.c"

static struct door *door_find(struct environment *environment, int ticket) {
  struct door *door = environment->doors;
  while (door != NULL && door->ticket != ticket) door = door->next;
  return door;
}

static void door_run(struct door *door) {
  napi_env env = door->environment->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  door->callback(env, door->data);
  napi_close_handle_scope(env, scope);
}

static long door_open(
  struct environment *environment, int fd, door_callback callback, void *data, struct door **out
) {
  struct door *door = calloc(1, sizeof *door);
  if (door == NULL) return -ENOMEM;
  environment->last_ticket = environment->last_ticket == INT_MAX ? 1 : environment->last_ticket + 1;
  *door = (struct door){
    .environment = environment,
    .next = environment->doors,
    .ticket = environment->last_ticket,
    .fd = fd,
    .callback = callback,
    .data = data,
  };
  long result = environment->threaded ? thread_door_open(door) : uv_door_open(door);
  if (result < 0) {
    free(door);
    return result;
  }
  environment->doors = door;
  *out = door;
  return 0;
}

static void door_hold(struct environment *environment, struct door *door, bool alive) {
  if (door->held == alive) return;
  door->held = alive;
  if (environment->threaded) {
    thread_door_hold(door);
  } else {
    uv_door_hold(door);
  }
}

static void door_close(struct environment *environment, struct door *door) {
  struct door **link = &environment->doors;
  while (*link != door) link = &(*link)->next;
  *link = door->next;
  door_hold(environment, door, false);
  if (environment->threaded) {
    thread_door_close(door);
  } else {
    uv_door_close(door);
  }
  if (door->listener != NULL) napi_delete_reference(environment->env, door->listener);
  free(door);
}

/* The epoll descriptor of a worker that was terminated: no JavaScript is left to close it. */
static void close_abandoned_epoll(int fd) {
  struct epoll_event event;
  if (epoll_wait(fd, &event, 1, 0) >= 0) close(fd);
}

static void doors_close(struct environment *environment) {
  while (environment->doors != NULL) {
    int fd = environment->doors->fd;
    bool abandoned = environment->doors->listener != NULL;
    door_close(environment, environment->doors);
    if (abandoned) close_abandoned_epoll(fd);
  }
}

/* ---- what JavaScript calls ------------------------------------------------------------------- */

/* A watch's own callback: the listener. */
static void watch_ready(napi_env env, void *data) {
  struct door *door = data;
  napi_value listener;
  if (napi_get_reference_value(env, door->listener, &listener) != napi_ok) return;
  call_back(env, listener, 0, NULL);
}

static long make_watch(napi_env env, const napi_value *parameter) {
  struct environment *environment = environment_of(env);
  napi_valuetype type;
  struct door *door;
  long fd;
  TRY(read_fd(env, parameter[0], &fd));
  if (napi_typeof(env, parameter[1], &type) != napi_ok || type != napi_function) return -EINVAL;
  if (environment == NULL) return -ENOSYS;
  TRY(door_open(environment, (int)fd, watch_ready, NULL, &door));
  door->data = door;
  if (napi_create_reference(env, parameter[1], 1, &door->listener) != napi_ok) {
    door_close(environment, door);
    return -ENOMEM;
  }
  return door->ticket;
}

/* The door behind a ticket of `watch`; -EINVAL as inotify_rm_watch(2) has it. */
static long read_watch(napi_env env, napi_value value, struct door **out) {
  struct environment *environment = environment_of(env);
  long ticket;
  TRY(read_int(env, value, &ticket));
  *out = environment == NULL ? NULL : door_find(environment, (int)ticket);
  return *out == NULL || (*out)->listener == NULL ? -EINVAL : 0;
}

static long make_hold(napi_env env, const napi_value *parameter) {
  struct door *door;
  bool alive;
  TRY(read_watch(env, parameter[0], &door));
  if (napi_get_value_bool(env, parameter[1], &alive) != napi_ok) return -EINVAL;
  door_hold(door->environment, door, alive);
  return 0;
}

static long make_unwatch(napi_env env, const napi_value *parameter) {
  struct door *door;
  TRY(read_watch(env, parameter[0], &door));
  door_close(door->environment, door);
  return 0;
}

/*
 * `initialize(threaded)`, not a call of `Kernel`: linux.ts says once, before the first watch, who
 * waits for this thread's doors. Without it a thread does, which works everywhere.
 */
static long make_initialize(napi_env env, const napi_value *parameter) {
  struct environment *environment = environment_of(env);
  bool threaded;
  if (napi_get_value_bool(env, parameter[0], &threaded) != napi_ok) return -EINVAL;
  if (environment == NULL || environment->last_ticket > 0) return -EBUSY;
  if (threaded == environment->threaded) return 0;
  if (threaded) return -EBUSY;
  if (!uv_doors_begin(environment)) return -ENOSYS;
  environment->threaded = false;
  return 0;
}

static napi_value initialize(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_initialize);
}

static napi_value watch(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_watch);
}

static napi_value hold(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_hold);
}

static napi_value unwatch(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_unwatch);
}

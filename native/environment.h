/*
 * What the addon knows about one JavaScript thread (one napi_env), and the C side of the door of
 * readiness.
 *
 * For offload.c and signal.c: `environment_of(env)` is yours too. Keep your state behind a field of
 * your own (`offload`), and clean it up in a hook of your own: napi_add_env_cleanup_hook runs the
 * last added first, so open your doors before you add it, and close them in it. A door left open is
 * closed with the environment.
 */
#ifndef SLUICE_ENVIRONMENT_H
#define SLUICE_ENVIRONMENT_H

#include "argument.h"

#include <pthread.h>

struct door;
struct offload;
struct owned;

/* Runs on the JavaScript thread, in a handle scope. It may open and close doors, its own too. */
typedef void (*door_callback)(napi_env env, void *data);

struct environment {
  napi_env env;

  /* watch.c: every door of this thread, and who waits: libuv's loop, or a thread of ours. */
  struct door *doors;
  int last_ticket;
  bool threaded;

  /* door_uv.c */
  napi_async_cleanup_hook_handle ending; /* NULL until the environment ends */
  size_t closing;                        /* handles that libuv has not given back yet */

  /* door_thread.c */
  bool thread_started;
  pthread_t thread;
  int thread_epoll;
  int thread_stop; /* an eventfd in that epoll */
  napi_threadsafe_function thread_call;
  size_t thread_holds;

  /* offload.c: NULL until its first call. */
  struct offload *offload;

  /* range.c: by ticket; none is free before range_free_from */
  struct owned **ranges;
  size_t range_places;
  size_t range_free_from;

  /* environment.c: a bit for each descriptor that is closed when the environment ends */
  uint64_t *entrusted;
  size_t entrusted_words;
};

/* NULL when the environment could not be made. */
static struct environment *environment_of(napi_env env);

/*
 * Opens a door: `callback` runs on this thread whenever `fd` is readable. Level-triggered: read it
 * empty. It does not keep the program alive until door_hold says so. 0 or -errno; -EEXIST: `fd` has
 * a door already.
 */
static long door_open(
  struct environment *environment, int fd, door_callback callback, void *data, struct door **out
);
static void door_hold(struct environment *environment, struct door *door, bool alive);
/* Call it before `fd` is closed. The callback does not run again; `door` is dead from here on. */
static void door_close(struct environment *environment, struct door *door);

/* range.c, guard.c: the environment is over. */
static void ranges_end(struct environment *environment);
static void guard_environment_ends(napi_env env);

/* The entry of a door: its parameters, and its answer as a number. */
typedef long (*door_function)(napi_env env, const napi_value *parameter);
static napi_value enter_door(napi_env env, napi_callback_info info, door_function make_door);

/* Calls a function of JavaScript from the event loop. What it throws is an uncaughtException. */
static void call_back(
  napi_env env, napi_value function, size_t count, const napi_value *parameter
);

#endif

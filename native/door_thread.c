/*
 * The door of readiness where libuv is not the loop: one thread for each environment sleeps in
 * epoll_wait and tells the JavaScript thread by a thread-safe function.
 *
 * Registrations are EPOLLONESHOT and armed again when the callback has run, so a descriptor that
 * stays readable makes one call at a time, and the thread never spins.
 *
 * Invariant: the thread calls the thread-safe function only while that is open. The hook that joins
 * the thread is added after the function was made, so it runs before Node takes the function down:
 * a thread that releases it later aborts Node 24.15 to 24.19 (nodejs/node#65100).
 */
#include "door.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { THREAD_EVENTS = 64, STOP_TICKET = 0 };

static void *door_thread(void *data) {
  struct environment *environment = data;
  struct epoll_event event[THREAD_EVENTS];
  for (;;) {
    int count = epoll_wait(environment->thread_epoll, event, THREAD_EVENTS, -1);
    if (count < 0 && errno != EINTR) return NULL;
    for (int index = 0; index < count; index++) {
      void *ticket = (void *)(uintptr_t)event[index].data.u64;
      if (event[index].data.u64 == STOP_TICKET) return NULL;
      napi_status status =
        napi_call_threadsafe_function(environment->thread_call, ticket, napi_tsfn_nonblocking);
      if (status != napi_ok) return NULL;
    }
  }
}

static long thread_door_control(const struct door *door, int operation) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = (uint64_t)door->ticket};
  return epoll_ctl(door->environment->thread_epoll, operation, door->fd, &event) == 0 ? 0 : -errno;
}

/* On the JavaScript thread. A ticket that was in flight when its door closed finds nothing. */
static void thread_door_ready(napi_env env, napi_value function, void *context, void *data) {
  struct environment *environment = context;
  int ticket = (int)(uintptr_t)data;
  (void)function;
  if (env == NULL) return;
  struct door *door = door_find(environment, ticket);
  if (door == NULL) return;
  door_run(door);
  door = door_find(environment, ticket);
  if (door != NULL) thread_door_control(door, EPOLL_CTL_MOD);
}

static void thread_end(void *data) {
  struct environment *environment = data;
  const uint64_t one = 1;
  if (write(environment->thread_stop, &one, sizeof one) == sizeof one) {
    pthread_join(environment->thread, NULL);
  }
  doors_close(environment);
  close(environment->thread_epoll);
  close(environment->thread_stop);
  environment->thread_started = false;
  napi_release_threadsafe_function(environment->thread_call, napi_tsfn_release);
}

static long thread_make_descriptors(struct environment *environment) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = STOP_TICKET};
  environment->thread_epoll = epoll_create1(EPOLL_CLOEXEC);
  if (environment->thread_epoll < 0) return -errno;
  environment->thread_stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (environment->thread_stop >= 0 &&
      epoll_ctl(environment->thread_epoll, EPOLL_CTL_ADD, environment->thread_stop, &event) == 0) {
    return 0;
  }
  long result = -errno;
  if (environment->thread_stop >= 0) close(environment->thread_stop);
  close(environment->thread_epoll);
  return result;
}

static bool thread_make_call(struct environment *environment) {
  napi_value name;
  napi_env env = environment->env;
  return napi_create_string_utf8(env, "sluice", NAPI_AUTO_LENGTH, &name) == napi_ok &&
         napi_create_threadsafe_function(
           env, NULL, NULL, name, 0, 1, NULL, NULL, environment, thread_door_ready,
           &environment->thread_call) == napi_ok &&
         napi_unref_threadsafe_function(env, environment->thread_call) == napi_ok;
}

/* No signal is delivered to the thread: handlers run where they ran without sluice. */
static long thread_create(struct environment *environment) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&environment->thread, NULL, door_thread, environment);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return -error;
}

static long thread_start(struct environment *environment) {
  if (environment->thread_started) return 0;
  TRY(thread_make_descriptors(environment));
  long result = thread_make_call(environment) ? thread_create(environment) : -ENOSYS;
  if (result < 0) {
    if (environment->thread_call != NULL) {
      napi_release_threadsafe_function(environment->thread_call, napi_tsfn_release);
      environment->thread_call = NULL;
    }
    close(environment->thread_stop);
    close(environment->thread_epoll);
    return result;
  }
  environment->thread_started = true;
  napi_add_env_cleanup_hook(environment->env, thread_end, environment);
  return 0;
}

static long thread_door_open(struct door *door) {
  TRY(thread_start(door->environment));
  return thread_door_control(door, EPOLL_CTL_ADD);
}

static void thread_door_hold(struct door *door) {
  struct environment *environment = door->environment;
  size_t before = environment->thread_holds;
  environment->thread_holds = door->held ? before + 1 : before - 1;
  if (before == 0) napi_ref_threadsafe_function(environment->env, environment->thread_call);
  if (environment->thread_holds == 0) {
    napi_unref_threadsafe_function(environment->env, environment->thread_call);
  }
}

static void thread_door_close(struct door *door) {
  thread_door_control(door, EPOLL_CTL_DEL);
}

/*
 * I/O signals, `signal_watch` and `signal_unwatch`: each delivery becomes a record in the signal's
 * own pipe.
 *
 * Dispositions belong to the process, and so does this file's state. A watch belongs to the
 * environment that made it and ends with it.
 */
#include "environment.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

enum { MAX_SIGNAL = 64 }; /* _NSIG */

struct signal_record {
  int32_t number;
  int32_t code;
  int32_t fd;
  int32_t band;
};

struct signal_watch {
  atomic_int writer;  /* the pipe's write end + 1; 0: nobody watches */
  atomic_int running; /* handlers that may be about to write into it */
  napi_env env;       /* whose watch it is; NULL: nobody's. These two under signal_lock */
  struct sigaction before;
};

static struct signal_watch signal_watches[MAX_SIGNAL + 1];
static pthread_mutex_t signal_lock = PTHREAD_MUTEX_INITIALIZER;

/*
 * Async-signal-safe: atomics without locks, and write(2). It may run on any thread, also after the
 * watch ended, when a handler that was put on top calls the one it found. A full pipe drops the
 * record.
 */
static void on_signal(int number, siginfo_t *detail, void *context) {
  struct signal_watch *watch = &signal_watches[number];
  const int saved = errno;
  (void)context;
  /*
   * Announced before the descriptor is read,
   * so that whoever ends the watch does not close it yet.
   */
  atomic_fetch_add(&watch->running, 1);
  const int writer = atomic_load(&watch->writer) - 1;
  if (writer >= 0) {
    const struct signal_record record = {
      .number = detail->si_signo,
      .code = detail->si_code,
      .fd = detail->si_fd,
      .band = (int32_t)detail->si_band,
    };
    ssize_t written = write(writer, &record, sizeof record);
    (void)written;
  }
  atomic_fetch_sub(&watch->running, 1);
  errno = saved;
}

typedef void (*signal_handler)(int number, siginfo_t *detail, void *context);

static bool is_handled_by(const struct sigaction *action, signal_handler handler) {
  return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == handler;
}

/* No handler writes into the pipe any more when this returns. */
static void close_writer(struct signal_watch *watch) {
  const int writer = atomic_exchange(&watch->writer, 0) - 1;
  while (atomic_load(&watch->running) > 0) sched_yield();
  close(writer);
}

/*
 * Ignoring the signal drops what is pending,
 * which would meet the old disposition and could be deadly.
 */
static void restore_action(int signal, const struct sigaction *before) {
  const struct sigaction ignore = {.sa_handler = SIG_IGN};
  struct sigaction present;
  if (sigaction(signal, NULL, &present) != 0 || !is_handled_by(&present, on_signal)) return;
  sigaction(signal, &ignore, NULL);
  sigaction(signal, before, NULL);
}

static void end_signal_watch(struct signal_watch *watch) {
  restore_action((int)(watch - signal_watches), &watch->before);
  close_writer(watch);
  watch->env = NULL;
}

/* Its descriptors may go on sending, and nobody is left to stop them: that must not kill. */
static void signal_environment_ends(void *data) {
  struct signal_watch *watch = data;
  pthread_mutex_lock(&signal_lock);
  if (watch->before.sa_handler == SIG_DFL) watch->before.sa_handler = SIG_IGN;
  end_signal_watch(watch);
  pthread_mutex_unlock(&signal_lock);
}

/*
 * What was there before; ours is there still when a handler on top of it was
 * taken away after the watch.
 */
static long install(int signal, struct signal_watch *watch) {
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
  struct sigaction before;
  sigemptyset(&action.sa_mask);
  if (sigaction(signal, NULL, &before) != 0) return -errno;
  if (is_handled_by(&before, on_wake)) return -EBUSY; /* offload's own */
  if (sigaction(signal, &action, NULL) != 0) return -errno;
  if (!is_handled_by(&before, on_signal)) watch->before = before;
  return 0;
}

static long start_signal_watch(napi_env env, int signal, struct signal_watch *watch) {
  int ends[2];
  if (watch->env != NULL) return -EBUSY;
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -errno;
  atomic_store(&watch->writer, ends[1] + 1);
  long result = install(signal, watch);
  if (result < 0) {
    close_writer(watch);
    close(ends[0]);
    return result;
  }
  watch->env = env;
  napi_add_env_cleanup_hook(env, signal_environment_ends, watch);
  return ends[0];
}

static long stop_signal_watch(napi_env env, int signal, struct signal_watch *watch) {
  (void)signal;
  if (watch->env != env) return -EINVAL;
  napi_remove_env_cleanup_hook(env, signal_environment_ends, watch);
  end_signal_watch(watch);
  return 0;
}

static long change_signal_watch(
  napi_env env, napi_value value, long (*change)(napi_env, int, struct signal_watch *)
) {
  long signal;
  TRY(read_int(env, value, &signal));
  if (signal < 1 || signal > MAX_SIGNAL) return -EINVAL;
  pthread_mutex_lock(&signal_lock);
  long result = change(env, (int)signal, &signal_watches[signal]);
  pthread_mutex_unlock(&signal_lock);
  return result;
}

static long make_signal_watch(napi_env env, const napi_value *parameter) {
  return change_signal_watch(env, parameter[0], start_signal_watch);
}

static long make_signal_unwatch(napi_env env, const napi_value *parameter) {
  return change_signal_watch(env, parameter[0], stop_signal_watch);
}

static napi_value signal_watch(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_signal_watch);
}

static napi_value signal_unwatch(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_signal_unwatch);
}

/*
 * The door of sleep, `offload` and `interrupt`: a call is decoded here, made on a thread of the
 * pool, and answered here.
 */
#include "environment.h"
#include "pool.h"

#include <sys/eventfd.h>

enum { MAX_NAME = 32, BUCKETS = 64 };

/* What an environment has of this door, from its first call on. */
struct offload {
  struct environment *environment;
  struct door *door; /* of the bell */
  int bell;          /* an eventfd that rings when there is an answer */
  int64_t last_ticket;
  size_t pending;
  struct job *bucket[BUCKETS]; /* the pending jobs, by ticket */
  struct job_list answered;    /* under the pool's lock */
};

/* addon.c's: the row of this name; NULL when there is none. */
static const struct call *find_call(const char *name, size_t length);

/* ---- a job's end ----------------------------------------------------------------------------- */

static void job_answered(struct job *job) {
  const uint64_t one = 1;
  if (job->offload == NULL) {
    job_discard(job);
    return;
  }
  job_append(&job->offload->answered, job);
  /* A full eventfd has rung already. */
  ssize_t written = write(job->offload->bell, &one, sizeof one);
  (void)written;
}

static struct job **bucket_of(struct offload *offload, int64_t ticket) {
  return &offload->bucket[ticket % BUCKETS];
}

static struct job **find_job(struct offload *offload, int64_t ticket) {
  struct job **link = bucket_of(offload, ticket);
  while (*link != NULL && (*link)->ticket != ticket) link = &(*link)->sibling;
  return link;
}

/* The array [done, ...parameters] as it was given; NULL while the environment ends. */
static bool read_held(napi_env env, const struct job *job, napi_value value[MAX_PARAMETERS + 1]) {
  napi_value held;
  if (napi_get_reference_value(env, job->held, &held) != napi_ok || held == NULL) return false;
  for (uint32_t index = 0; index < MAX_PARAMETERS + 1; index++) {
    if (napi_get_element(env, held, index, &value[index]) != napi_ok) return false;
  }
  return true;
}

static void finish(napi_env env, struct job *job) {
  napi_value value[MAX_PARAMETERS + 1];
  const bool held = read_held(env, job, value);
  napi_delete_reference(env, job->held);
  if (!held) {
    job_discard(job);
    return;
  }
  napi_value result = answer(env, job_reply(env, job, value + 1));
  job_free(job);
  call_back(env, value[0], 1, &result);
}

/* Not pending any more before `done` runs, which may look. */
static void settle(struct offload *offload, struct job *job) {
  napi_env env = offload->environment->env;
  napi_handle_scope scope;
  *find_job(offload, job->ticket) = job->sibling;
  if (--offload->pending == 0) door_hold(offload->environment, offload->door, false);
  const bool scoped = napi_open_handle_scope(env, &scope) == napi_ok;
  finish(env, job);
  if (scoped) napi_close_handle_scope(env, scope);
}

/*
 * As many answers as have rung: a program that offloads from `done` does not
 * keep the loop from others.
 */
static void deliver(napi_env env, void *data) {
  struct offload *offload = data;
  uint64_t count;
  ssize_t length = read(offload->bell, &count, sizeof count);
  (void)env;
  /* One ring an answer, so what is left over has rung again. */
  for (; length > 0 && count > 0; count--) {
    pool_lock();
    struct job *job = job_take(&offload->answered);
    pool_unlock();
    if (job == NULL) return;
    settle(offload, job);
  }
}

/* Sleeping calls are woken and forgotten; whatever they answer, their thread frees them. */
static void offload_end(void *data) {
  struct offload *offload = data;
  door_close(offload->environment, offload->door);
  pool_lock();
  for (size_t index = 0; index < BUCKETS; index++) {
    struct job *next;
    for (struct job *job = offload->bucket[index]; job != NULL; job = next) {
      next = job->sibling;
      napi_delete_reference(offload->environment->env, job->held);
      job->offload = NULL;
      if (job->state == JOB_ANSWERED) {
        job_discard(job);
      } else {
        pool_interrupt(job);
      }
    }
  }
  pool_unlock();
  close(offload->bell);
  offload->environment->offload = NULL;
  free(offload);
}

/* ---- a job's beginning ----------------------------------------------------------------------- */

static long offload_open_bell(struct offload *offload) {
  offload->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (offload->bell < 0) return -errno;
  long result = door_open(offload->environment, offload->bell, deliver, offload, &offload->door);
  if (result < 0) close(offload->bell);
  return result;
}

static long offload_begin(struct environment *environment) {
  if (environment->offload != NULL) return 0;
  TRY(pool_open());
  struct offload *offload = calloc(1, sizeof *offload);
  if (offload == NULL) return -ENOMEM;
  offload->environment = environment;
  long result = offload_open_bell(offload);
  if (result < 0) {
    free(offload);
    return result;
  }
  environment->offload = offload;
  napi_add_env_cleanup_hook(environment->env, offload_end, offload);
  return 0;
}

static long read_call(napi_env env, napi_value value, const struct call **out) {
  char name[MAX_NAME];
  size_t length;
  if (napi_get_value_string_utf8(env, value, name, sizeof name, &length) != napi_ok) return -EINVAL;
  *out = find_call(name, length);
  return *out == NULL || !(*out)->sleeps ? -EINVAL : 0;
}

/* The elements of the array, undefined after its end. */
static long read_parameters(napi_env env, napi_value value, napi_value parameter[MAX_PARAMETERS]) {
  bool is_array = false;
  if (napi_is_array(env, value, &is_array) != napi_ok || !is_array) return -EINVAL;
  for (uint32_t index = 0; index < MAX_PARAMETERS; index++) {
    if (napi_get_element(env, value, index, &parameter[index]) == napi_ok) continue;
    forget_exception(env);
    return -EINVAL;
  }
  return 0;
}

/* An array of our own: the caller's may be another call's by the time of the answer. */
static long hold_values(napi_env env, napi_value done, const napi_value *parameter, napi_ref *out) {
  napi_value held;
  if (napi_create_array_with_length(env, MAX_PARAMETERS + 1, &held) != napi_ok) return -ENOMEM;
  if (napi_set_element(env, held, 0, done) != napi_ok) return -ENOMEM;
  for (uint32_t index = 0; index < MAX_PARAMETERS; index++) {
    if (napi_set_element(env, held, index + 1, parameter[index]) != napi_ok) return -ENOMEM;
  }
  return napi_create_reference(env, held, 1, out) == napi_ok ? 0 : -ENOMEM;
}

static long job_prepare(napi_env env, struct job *job, const napi_value *parameter) {
  clear(&job->frame);
  long result = job->call->decode(env, parameter, &job->frame);
  if (result < 0) {
    forget_exception(env);
    return result;
  }
  return bounce(job);
}

static long job_submit(struct offload *offload, struct job *job) {
  job->offload = offload;
  job->ticket = ++offload->last_ticket;
  pool_lock();
  long result = pool_submit(job);
  pool_unlock();
  if (result < 0) return result;
  job->sibling = *bucket_of(offload, job->ticket);
  *bucket_of(offload, job->ticket) = job;
  if (offload->pending++ == 0) door_hold(offload->environment, offload->door, true);
  return job->ticket;
}

/* A frame is large, and all of a job's other fields begin as 0. */
static struct job *job_make(const struct call *call) {
  struct job *job = malloc(sizeof *job);
  if (job == NULL) return NULL;
  memset(job, 0, offsetof(struct job, frame));
  job->call = call;
  return job;
}

static long make_offload(napi_env env, const napi_value *parameter) {
  struct environment *environment = environment_of(env);
  napi_value values[MAX_PARAMETERS];
  napi_valuetype type;
  const struct call *call;
  TRY(read_call(env, parameter[0], &call));
  TRY(read_parameters(env, parameter[1], values));
  if (napi_typeof(env, parameter[2], &type) != napi_ok || type != napi_function) return -EINVAL;
  if (environment == NULL) return -ENOSYS;
  TRY(offload_begin(environment));
  struct job *job = job_make(call);
  if (job == NULL) return -ENOMEM;
  long result = job_prepare(env, job, values);
  if (result >= 0) result = hold_values(env, parameter[2], values, &job->held);
  if (result >= 0) result = job_submit(environment->offload, job);
  if (result >= 0) return result;
  if (job->held != NULL) napi_delete_reference(env, job->held);
  job_free(job);
  return result;
}

/* -ESRCH as tgkill(2) has it: no such job, or it has been answered. */
static long make_interrupt(napi_env env, const napi_value *parameter) {
  struct environment *environment = environment_of(env);
  int64_t ticket;
  if (!read_integer(env, parameter[0], &ticket) || ticket < 0) return -EINVAL;
  if (environment == NULL || environment->offload == NULL) return -ESRCH;
  struct job *job = *find_job(environment->offload, ticket);
  if (job == NULL) return -ESRCH;
  pool_lock();
  pool_interrupt(job);
  pool_unlock();
  return 0;
}

static napi_value offload(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_offload);
}

static napi_value interrupt(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_interrupt);
}

/*
 * What an offloaded call has brought: results that go where the caller wants them, or that nobody
 * gets any more. Every descriptor that Linux has opened is handed out here, or closed.
 */
#include "pool.h"

#include <fcntl.h>

static void job_free(struct job *job) {
  bounce_free(job);
  free(job);
}

static bool makes_descriptor(const struct frame *frame) {
  const long number = frame->number;
  const long command = frame->argument[1];
  if (number == SYS_fcntl) return command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  return number == SYS_openat || number == SYS_openat2 || number == SYS_accept4;
}

/* Nobody gets the answer. A descriptor that nobody knows would stay open for ever. */
static void job_discard(struct job *job) {
  const bool done = job->state == JOB_ANSWERED && job->result >= 0;
  if (done && makes_descriptor(&job->frame)) close((int)job->result);
  if (done && job->frame.number == SYS_recvmsg) close_received(&job->frame.scratch.message, 0);
  job_free(job);
}

/*
 * Where results go is read again: a buffer may be detached, or another one be in its place. The
 * pieces of a message have been given back by now, and may be no memory any more: without them.
 */
static long decode_again(
  napi_env env, const struct job *job, const napi_value *parameter, struct frame *now
) {
  napi_value again[MAX_PARAMETERS];
  memcpy(again, parameter, sizeof again);
  if (job->frame.number == SYS_recvmsg && napi_create_array(env, &again[1]) != napi_ok) {
    return -ENOMEM;
  }
  clear(now);
  long result = job->call->decode(env, again, now);
  if (result < 0) forget_exception(env);
  return result;
}

static long job_reply(napi_env env, const struct job *job, const napi_value *parameter) {
  struct frame now;
  const bool given = give_back(env, job, parameter[1]);
  if (job->result < 0) return job->result;
  if (given && job->call->reply == NULL) return job->result;
  if (given && decode_again(env, job, parameter, &now) >= 0) {
    now.scratch = job->frame.scratch;
    return job->call->reply(&now, job->result);
  }
  if (job->frame.number == SYS_recvmsg) close_received(&job->frame.scratch.message, 0);
  return given ? job->result : -EFAULT;
}

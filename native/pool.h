/*
 * The threads on which calls sleep: one pool for the process, shared by its environments.
 *
 * Threads are made when a job finds none idle, at most MAX_THREADS, end after IDLE_SECONDS without
 * work, are detached and joined by nobody: neither process.exit nor the end of a worker waits for
 * one. They touch jobs and no JavaScript. All signals but the wake-up one are blocked in them.
 */
#ifndef SLUICE_POOL_H
#define SLUICE_POOL_H

#include "argument.h"

#include <pthread.h>
#include <stdatomic.h>

struct offload;

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_ANSWERED };

struct job {
  /* Under pool.lock, until the job is answered. */
  enum job_state state;
  struct job *next; /* in the queue, or in its environment's list of answers */
  struct offload *offload; /* where the answer goes; NULL: nobody waits any more */
  pthread_t thread;
  atomic_int interrupted;
  long result;

  /* offload.c's own */
  int64_t ticket;
  struct job *sibling;
  const struct call *call;
  napi_ref held; /* the array [done, ...parameters] */

  /* bounce.c's own */
  enum direction direction; /* NO_MEMORY without memory of JavaScript */
  void *block;
  size_t block_length;

  /* Written before the job is submitted, then the thread's. */
  struct frame frame;
};

struct job_list {
  struct job *first;
  struct job *last;
};

static void job_append(struct job_list *list, struct job *job);
static struct job *job_take(struct job_list *list);

/* For all fields of jobs that say so. */
static void pool_lock(void);
static void pool_unlock(void);

/* Before the first job: the one moment at which sluice changes a disposition. 0 or -errno. */
static long pool_open(void);
/* Under the lock. 0, or -EAGAIN when there is no thread and none can be made. */
static long pool_submit(struct job *job);
/*
 * Under the lock. A queued job is answered -EINTR now, a running one is woken,
 * an answered one stays.
 */
static void pool_interrupt(struct job *job);

/* offload.c's: the job has its result. Under the lock; the job is its again. */
static void job_answered(struct job *job);

#endif

/* The threads of offload: see pool.h. */
#include "pool.h"

#include <sched.h>
#include <signal.h>
#include <time.h>

enum { MAX_THREADS = 64, IDLE_SECONDS = 2, STACK_BYTES = 256 * 1024 };

static struct {
  pthread_mutex_t lock;
  pthread_cond_t work;
  struct job_list queue;
  size_t queued;
  size_t idle;
  size_t threads;
  int wake_signal; /* or -errno */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static pthread_once_t pool_once = PTHREAD_ONCE_INIT;

static void job_append(struct job_list *list, struct job *job) {
  job->next = NULL;
  if (list->first == NULL) {
    list->first = job;
  } else {
    list->last->next = job;
  }
  list->last = job;
}

static struct job *job_take(struct job_list *list) {
  struct job *job = list->first;
  if (job != NULL) list->first = job->next;
  return job;
}

static void job_remove(struct job_list *list, struct job *job) {
  struct job *before = NULL;
  struct job **link = &list->first;
  while (*link != job) {
    before = *link;
    link = &before->next;
  }
  *link = job->next;
  if (list->last == job) list->last = before;
}

static void pool_lock(void) {
  pthread_mutex_lock(&pool.lock);
}

static void pool_unlock(void) {
  pthread_mutex_unlock(&pool.lock);
}

static void pool_begin(void) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&pool.work, &attributes);
  pthread_condattr_destroy(&attributes);
  pool.wake_signal = take_wake_signal();
}

static long pool_open(void) {
  pthread_once(&pool_once, pool_begin);
  return pool.wake_signal < 0 ? pool.wake_signal : 0;
}

/* ---- a thread -------------------------------------------------------------------------------- */

/* Under the lock. NULL after IDLE_SECONDS without a job. */
static struct job *pool_next(void) {
  struct timespec end;
  int error = 0;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += IDLE_SECONDS;
  pool.idle++;
  while (pool.queue.first == NULL && error == 0) {
    error = pthread_cond_timedwait(&pool.work, &pool.lock, &end);
  }
  pool.idle--;
  if (pool.queue.first != NULL) pool.queued--;
  return job_take(&pool.queue);
}

/* Under the lock, but for the call itself. */
static void pool_run(struct job *job) {
  job->state = JOB_RUNNING;
  job->thread = pthread_self();
  pool_unlock();
  const long result = sluice_sleep(&job->interrupted, job->frame.number, job->frame.argument);
  pool_lock();
  const bool interrupted = atomic_load(&job->interrupted);
  job->result = result;
  job->state = JOB_ANSWERED;
  job_answered(job);
  if (!interrupted) return;
  /*
   * The signal was sent under the lock, and is handled at the end of any system call:
   * not in the next job.
   */
  pool_unlock();
  sched_yield();
  pool_lock();
}

static void *pool_thread(void *unused) {
  sigset_t wake;
  (void)unused;
  pthread_setname_np(pthread_self(), "sluice-offload");
  sigemptyset(&wake);
  sigaddset(&wake, pool.wake_signal);
  pthread_sigmask(SIG_UNBLOCK, &wake, NULL);
  pool_lock();
  for (struct job *job = pool_next(); job != NULL; job = pool_next()) pool_run(job);
  pool.threads--;
  pool_unlock();
  return NULL;
}

/* Signals are blocked before the thread is there, so that none meets it. */
static int pool_start_thread(void) {
  sigset_t all, before;
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, &attributes, pool_thread, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return error;
}

/* ---- a job ----------------------------------------------------------------------------------- */

static long pool_submit(struct job *job) {
  if (pool.queued >= pool.idle && pool.threads < MAX_THREADS) {
    if (pool_start_thread() == 0) {
      pool.threads++;
    } else if (pool.threads == 0) {
      return -EAGAIN;
    }
  }
  job->state = JOB_QUEUED;
  job_append(&pool.queue, job);
  pool.queued++;
  pthread_cond_signal(&pool.work);
  return 0;
}

static void pool_interrupt(struct job *job) {
  if (job->state == JOB_ANSWERED || atomic_exchange(&job->interrupted, 1) != 0) return;
  if (job->state == JOB_RUNNING) {
    pthread_kill(job->thread, pool.wake_signal);
    return;
  }
  job_remove(&pool.queue, job);
  pool.queued--;
  job->result = -EINTR;
  job->state = JOB_ANSWERED;
  job_answered(job);
}

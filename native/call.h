/*
 * One system call on its way from JavaScript to Linux and back.
 *
 * Every call of the addon is a row {name, decode, reply}: decode reads the JavaScript arguments
 * into a frame, the frame is performed, reply hands out what is more than one number. Nothing else
 * differs between calls, so the same decode serves the call made now (`enter`, below) and the call
 * made on another thread (offload.c).
 *
 * Rules. decode answers 0 or -errno and touches no memory before every argument is checked. There
 * is no retry, no default and no message here: that is TypeScript's part.
 */
#ifndef SLUICE_CALL_H
#define SLUICE_CALL_H

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NAPI_VERSION 9
#include <node_api.h>

enum {
  MAX_PARAMETERS = 6,
  MAX_VECTOR = 1024, /* UIO_MAXIOV: Linux refuses more before it reads the first */
  MAX_PATH = 4096,   /* PATH_MAX, the NUL included */
  UTF8_BYTES = 4,    /* the longest character */
  MAX_SOCKADDR = 128, /* sizeof(struct sockaddr_storage) */
  MAX_DESCRIPTORS = 253 /* SCM_MAX_FD: Linux refuses more in one message */
};

/*
 * Memory as an argument. `own` tells bytes of JavaScript from an address that only Linux looks at.
 */
struct memory {
  void *data;
  size_t length;
  bool own;
};

/* A message of sendmsg and recvmsg, with room for one descriptor more than Linux takes. */
struct message {
  struct msghdr header;
  _Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE((MAX_DESCRIPTORS + 1) * sizeof(int))];
};

struct frame {
  long number; /* SYS_… */
  /* The registers; pointers go into the fields below or into JavaScript's memory. */
  long argument[6];
  int64_t offset_in;
  int64_t offset_out;
  struct memory output; /* where reply copies a result that is more than one number */
  struct memory fds;    /* where it copies descriptors that came in a message */
  union {
    int pair[2];
    int64_t words[32];
    unsigned char bytes[512];
    struct message message;
  } scratch; /* what Linux fills or reads in its own layout */
  /* All memory that the call reads or fills, also when it takes one piece only. */
  size_t vector_count;
  struct iovec vector[MAX_VECTOR];
  bool vector_own[MAX_VECTOR];
  /* Room for a character more: a string is cut before the one that does not fit whole, and a name
   * that is too long must be seen to be. */
  char path[MAX_PATH + UTF8_BYTES];
};

typedef long (*decode_function)(napi_env env, const napi_value *parameter, struct frame *frame);
/* result is n >= 0; the answer becomes the call's. */
typedef long (*reply_function)(struct frame *frame, long result);

/* Whether the call reads its memory or fills it: the copies that offload.c makes. */
enum direction { NO_MEMORY, READS_MEMORY, FILLS_MEMORY };

struct call {
  const char *name;
  decode_function decode;
  reply_function reply; /* NULL: the number is all */
  bool sleeps;          /* may go through offload */
  enum direction direction;
};

/* Several reads in a row: the first error is the answer. */
#define TRY(expression)              \
  do {                               \
    long error_ = (expression);      \
    if (error_ < 0) return error_;   \
  } while (0)

/* ---- perform and answer ---- */

static long perform(const struct frame *frame) {
  const long *a = frame->argument;
  long result = syscall(frame->number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 ? -(long)errno : result;
}

static napi_value answer(napi_env env, long result) {
  napi_value value = NULL;
  if (result >= INT_MIN && result <= INT_MAX) {
    napi_create_int32(env, (int32_t)result, &value);
  } else {
    napi_create_double(env, (double)result, &value);
  }
  return value;
}

/*
 * A getter or a proxy trap of the caller's may have thrown while its argument was read:
 * the answer says so.
 */
static void forget_exception(napi_env env) {
  bool pending = false;
  napi_value exception;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) {
    napi_get_and_clear_last_exception(env, &exception);
  }
}

/* What decode expects to find set. The rest of a frame is large and stays as it is. */
static void clear(struct frame *frame) {
  memset(frame->argument, 0, sizeof frame->argument);
  frame->vector_count = 0;
}

/* Decodes, performs, replies: a plain call from its arguments to its answer. */
static long make(
  napi_env env, const struct call *call, const napi_value *parameter, struct frame *frame
) {
  clear(frame);
  long result = call->decode(env, parameter, frame);
  if (result < 0) {
    forget_exception(env);
    return result;
  }
  result = perform(frame);
  return result >= 0 && call->reply != NULL ? call->reply(frame, result) : result;
}

/* The one entry of every plain call; `data` is its row. */
static napi_value enter(napi_env env, napi_callback_info info) {
  size_t count = MAX_PARAMETERS;
  napi_value parameter[MAX_PARAMETERS];
  void *data;
  struct frame frame;
  if (napi_get_cb_info(env, info, &count, parameter, NULL, &data) != napi_ok) return NULL;
  return answer(env, make(env, data, parameter, &frame));
}

/* The common shape of reply: two ints. */
static long reply_pair(struct frame *frame, long result) {
  memcpy(frame->output.data, frame->scratch.pair, sizeof frame->scratch.pair);
  return result;
}

#endif

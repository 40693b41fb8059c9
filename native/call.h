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
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NAPI_VERSION 9
#include <node_api.h>

enum {
  MAX_PARAMETERS = 6,
  MAX_VECTOR = 1024, /* UIO_MAXIOV: Linux refuses more before it reads the first */
  MAX_PATH = 4096,   /* PATH_MAX, the NUL included */
  MAX_SOCKADDR = 128 /* sizeof(struct sockaddr_storage) */
};

/*
 * Memory as an argument. `own` tells bytes of JavaScript from an address that only Linux looks at.
 */
struct memory {
  void *data;
  size_t length;
  bool own;
};

struct frame {
  long number;      /* SYS_… */
  /* The registers; pointers go into the fields below or into JavaScript's memory. */
  long argument[6];
  int64_t offset_in;
  int64_t offset_out;
  struct memory output; /* where reply copies a result that is more than one number */
  union {
    int pair[2];
    int64_t words[32];
    unsigned char bytes[512];
  } scratch; /* what Linux fills or reads in its own layout */
  /* All memory that the call reads or fills, also when it takes one piece only. */
  size_t vector_count;
  struct iovec vector[MAX_VECTOR];
  bool vector_own[MAX_VECTOR];
  char path[MAX_PATH + 1]; /* one more, so that a name that is too long is seen to be */
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

/* ---- arguments ---- */

/* A whole number of JavaScript (number or bigint) that fits int64. */
static bool read_integer(napi_env env, napi_value value, int64_t *out) {
  double number;
  napi_status status = napi_get_value_double(env, value, &number);
  if (status == napi_ok) {
    /* Compared before the cast: a double outside int64 has no defined conversion. */
    if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0)) return false;
    *out = (int64_t)number;
    return (double)*out == number;
  }
  bool lossless = false;
  if (status != napi_number_expected) return false;
  return napi_get_value_bigint_int64(env, value, out, &lossless) == napi_ok && lossless;
}

/* A descriptor. Anything that is not an int cannot be open: -EBADF. */
static long read_fd(napi_env env, napi_value value, long *out) {
  int64_t number;
  if (!read_integer(env, value, &number) || number < INT_MIN || number > INT_MAX) return -EBADF;
  *out = (long)number;
  return 0;
}

/* An int or unsigned int: flags, a command, a signal, a timeout. */
static long read_int(napi_env env, napi_value value, long *out) {
  int64_t number;
  if (!read_integer(env, value, &number)) return -EINVAL;
  if (number < INT_MIN || number > (int64_t)UINT_MAX) return -EINVAL;
  *out = (long)(int)(uint32_t)number;
  return 0;
}

/* An off_t. Linux judges the sign. */
static long read_offset(napi_env env, napi_value value, long *out) {
  int64_t number;
  if (!read_integer(env, value, &number)) return -EINVAL;
  *out = (long)number;
  return 0;
}

/* A size_t. A negative number is what Linux would see as a length beyond SSIZE_MAX: -EINVAL. */
static long read_size(napi_env env, napi_value value, long *out) {
  int64_t number;
  if (!read_integer(env, value, &number) || number < 0) return -EINVAL;
  *out = (long)number;
  return 0;
}

/* 64 bits as they are: the flags of openat2, the data of an epoll event. */
static long read_word(napi_env env, napi_value value, uint64_t *out) {
  int64_t number;
  bool lossless = false;
  if (read_integer(env, value, &number)) {
    *out = (uint64_t)number;
    return 0;
  }
  napi_status status = napi_get_value_bigint_uint64(env, value, out, &lossless);
  return status == napi_ok && lossless ? 0 : -EINVAL;
}

/*
 * A typed array of one element type, at least `least` elements long; otherwise -EFAULT. Runs no
 * JavaScript.
 */
static long read_array(
  napi_env env, napi_value value, napi_typedarray_type type, size_t least, struct memory *out
) {
  /*
   * Preset to another type: a kind of array that this Node-API does not know leaves it untouched.
   */
  napi_typedarray_type actual = type == napi_uint8_array ? napi_int8_array : napi_uint8_array;
  size_t length = 0;
  void *data = NULL;
  napi_status status =
    napi_get_typedarray_info(env, value, &actual, &length, &data, NULL, NULL);
  if (status != napi_ok) return -EFAULT;
  if (actual != type || length < least || (data == NULL && length > 0)) return -EFAULT;
  *out = (struct memory){.data = data, .length = length, .own = true};
  return 0;
}

static bool is_detached(napi_env env, napi_value view) {
  napi_value buffer;
  bool detached = false;
  if (napi_get_typedarray_info(env, view, NULL, NULL, NULL, &buffer, NULL) != napi_ok) return true;
  return napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && detached;
}

/* BigUint64Array [address, length]: memory that only Linux looks at, so anything goes. */
static long read_address(napi_env env, napi_value value, struct memory *out) {
  struct memory words;
  uint64_t word[2];
  TRY(read_array(env, value, napi_biguint64_array, 2, &words));
  memcpy(word, words.data, sizeof word);
  out->data = (void *)(uintptr_t)word[0];
  out->length = (size_t)word[1];
  out->own = false;
  return 0;
}

/* Bytes of JavaScript or an address. A detached buffer is no memory. Runs no JavaScript. */
static long read_memory(napi_env env, napi_value value, struct memory *out) {
  if (read_array(env, value, napi_uint8_array, 0, out) < 0) return read_address(env, value, out);
  return out->length == 0 && is_detached(env, value) ? -EFAULT : 0;
}

static void add_memory(struct frame *frame, const struct memory *memory) {
  frame->vector[frame->vector_count].iov_base = memory->data;
  frame->vector[frame->vector_count].iov_len = memory->length;
  frame->vector_own[frame->vector_count++] = memory->own;
}

/* One piece of memory, in the two registers of a plain call. */
static long read_one_memory(
  napi_env env, napi_value value, struct frame *frame, long *pointer, long *length
) {
  struct memory memory;
  TRY(read_memory(env, value, &memory));
  add_memory(frame, &memory);
  *pointer = (long)(uintptr_t)memory.data;
  *length = (long)memory.length;
  return 0;
}

/*
 * An array of memory as an iovec. More than MAX_VECTOR pieces go to Linux as a count alone. All
 * elements are fetched before the first is looked into: an accessor among them may run JavaScript
 * that detaches a buffer.
 */
static long read_vector(
  napi_env env, napi_value value, struct frame *frame, long *pointer, long *count
) {
  bool is_array = false;
  uint32_t length;
  napi_value element[MAX_VECTOR];
  if (napi_is_array(env, value, &is_array) != napi_ok || !is_array) return -EFAULT;
  if (napi_get_array_length(env, value, &length) != napi_ok) return -EFAULT;
  *pointer = (long)(uintptr_t)frame->vector;
  *count = (long)length;
  if (length > MAX_VECTOR) return 0;
  for (uint32_t index = 0; index < length; index++) {
    if (napi_get_element(env, value, index, &element[index]) != napi_ok) return -EFAULT;
  }
  for (uint32_t index = 0; index < length; index++) {
    struct memory memory;
    TRY(read_memory(env, element[index], &memory));
    add_memory(frame, &memory);
  }
  return 0;
}

/* off_t *: null, a number by value (kept in `slot`), or an address. */
static long read_offset_pointer(napi_env env, napi_value value, int64_t *slot, long *pointer) {
  napi_valuetype type;
  struct memory memory;
  if (napi_typeof(env, value, &type) != napi_ok) return -EFAULT;
  if (type == napi_null) {
    *pointer = 0;
    return 0;
  }
  if (type == napi_number || type == napi_bigint) {
    *pointer = (long)(uintptr_t)slot;
    return read_integer(env, value, slot) ? 0 : -EINVAL;
  }
  TRY(read_address(env, value, &memory));
  *pointer = (long)(uintptr_t)memory.data;
  return 0;
}

static long copy_path(napi_env env, napi_value value, char *path, size_t *length) {
  struct memory bytes;
  napi_status status = napi_get_value_string_utf8(env, value, path, MAX_PATH + 1, length);
  if (status == napi_ok) return *length < MAX_PATH ? 0 : -ENAMETOOLONG;
  TRY(read_array(env, value, napi_uint8_array, 0, &bytes));
  if (bytes.length >= MAX_PATH) return -ENAMETOOLONG;
  if (bytes.length > 0) memcpy(path, bytes.data, bytes.length);
  path[bytes.length] = 0;
  *length = bytes.length;
  return 0;
}

/* A C string, from a string or from bytes. A NUL inside would name another file: -EINVAL. */
static long read_path(napi_env env, napi_value value, struct frame *frame, long *pointer) {
  size_t length = 0;
  TRY(copy_path(env, value, frame->path, &length));
  if (memchr(frame->path, 0, length) != NULL) return -EINVAL;
  *pointer = (long)(uintptr_t)frame->path;
  return 0;
}

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
 * A getter or a proxy trap of the caller's may have thrown while its argument was read: the answer
 * says so.
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

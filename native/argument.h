/*
 * What a call is given, read from JavaScript: each function answers 0 or -errno, as the contract of
 * the seam has it for a value of the wrong type, and touches no memory.
 */
#ifndef SLUICE_ARGUMENT_H
#define SLUICE_ARGUMENT_H

#include "call.h"

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

static bool is_detached(napi_env env, napi_value view) {
  napi_value buffer;
  bool detached = false;
  if (napi_get_typedarray_info(env, view, NULL, NULL, NULL, &buffer, NULL) != napi_ok) return true;
  return napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && detached;
}

static bool is_null(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_null;
}

/*
 * A typed array of one element type, at least `least` elements long and not detached; otherwise
 * -EFAULT. Runs no JavaScript.
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
  if (length == 0 && is_detached(env, value)) return -EFAULT;
  *out = (struct memory){.data = data, .length = length, .own = true};
  return 0;
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

/* Bytes of JavaScript or an address. Runs no JavaScript. */
static long read_memory(napi_env env, napi_value value, struct memory *out) {
  if (read_array(env, value, napi_uint8_array, 0, out) == 0) return 0;
  return read_address(env, value, out);
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
  napi_status status =
    napi_get_value_string_utf8(env, value, path, MAX_PATH + UTF8_BYTES, length);
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

#endif

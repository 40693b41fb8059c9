/* socketpair(2), socket(2), accept4(2), connect(2), send(2), recv(2), getsockopt(2) */
#include "argument.h"

static long decode_socketpair(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_socketpair;
  for (int index = 0; index < 3; index++) {
    TRY(read_int(env, parameter[index], &frame->argument[index]));
  }
  TRY(read_array(env, parameter[3], napi_int32_array, 2, &frame->output));
  frame->argument[3] = (long)(uintptr_t)frame->scratch.pair;
  return 0;
}

static long decode_socket(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_socket;
  for (int index = 0; index < 3; index++) {
    TRY(read_int(env, parameter[index], &frame->argument[index]));
  }
  return 0;
}

/* The sockaddr is copied: a connect may sleep on another thread. */
static long decode_address_in(
  napi_env env, const napi_value *parameter, struct frame *frame, long number
) {
  struct memory address;
  frame->number = number;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_array(env, parameter[1], napi_uint8_array, 0, &address));
  /* Linux refuses what is longer before it reads a byte. */
  size_t length = address.length <= MAX_SOCKADDR ? address.length : MAX_SOCKADDR + 1;
  if (length > 0 && length <= MAX_SOCKADDR) memcpy(frame->scratch.bytes, address.data, length);
  frame->argument[1] = (long)(uintptr_t)frame->scratch.bytes;
  frame->argument[2] = (long)length;
  return 0;
}

static long decode_bind(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_address_in(env, parameter, frame, SYS_bind);
}

static long decode_connect(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_address_in(env, parameter, frame, SYS_connect);
}

static long decode_listen(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_listen;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  return read_int(env, parameter[1], &frame->argument[1]);
}

/* In scratch: the sockaddr, and after it the length that Linux reads and fills. */
static void expect_address(struct frame *frame) {
  const socklen_t length = MAX_SOCKADDR;
  memcpy(frame->scratch.bytes + MAX_SOCKADDR, &length, sizeof length);
  frame->argument[1] = (long)(uintptr_t)frame->scratch.bytes;
  frame->argument[2] = (long)(uintptr_t)(frame->scratch.bytes + MAX_SOCKADDR);
}

/* What fits of the sockaddr, zeros after it. */
static socklen_t reply_with_address(struct frame *frame) {
  socklen_t full;
  memcpy(&full, frame->scratch.bytes + MAX_SOCKADDR, sizeof full);
  size_t length = full < MAX_SOCKADDR ? full : MAX_SOCKADDR;
  if (length > frame->output.length) length = frame->output.length;
  if (frame->output.length > 0) memset(frame->output.data, 0, frame->output.length);
  if (length > 0) memcpy(frame->output.data, frame->scratch.bytes, length);
  return full;
}

static long decode_accept4(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_accept4;
  frame->output = (struct memory){0};
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_int(env, parameter[1], &frame->argument[3]));
  if (!is_null(env, parameter[2])) {
    TRY(read_array(env, parameter[2], napi_uint8_array, 0, &frame->output));
  }
  expect_address(frame);
  return 0;
}

static long reply_accept4(struct frame *frame, long result) {
  reply_with_address(frame);
  return result;
}

static long decode_address_out(
  napi_env env, const napi_value *parameter, struct frame *frame, long number
) {
  frame->number = number;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_array(env, parameter[1], napi_uint8_array, 0, &frame->output));
  expect_address(frame);
  return 0;
}

static long decode_getsockname(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_address_out(env, parameter, frame, SYS_getsockname);
}

static long decode_getpeername(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_address_out(env, parameter, frame, SYS_getpeername);
}

static long reply_address(struct frame *frame, long result) {
  (void)result;
  return (long)reply_with_address(frame);
}

static long decode_shutdown(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_shutdown;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  return read_int(env, parameter[1], &frame->argument[1]);
}

/* sendto and recvfrom without an address are send and recv. */
static long decode_message(
  napi_env env, const napi_value *parameter, struct frame *frame, long number
) {
  frame->number = number;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_one_memory(env, parameter[1], frame, &frame->argument[1], &frame->argument[2]));
  return read_int(env, parameter[2], &frame->argument[3]);
}

static long decode_send(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_message(env, parameter, frame, SYS_sendto);
}

static long decode_recv(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_message(env, parameter, frame, SYS_recvfrom);
}

static long decode_option(
  napi_env env, const napi_value *parameter, struct frame *frame, long number
) {
  frame->number = number;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_int(env, parameter[1], &frame->argument[1]));
  TRY(read_int(env, parameter[2], &frame->argument[2]));
  TRY(read_array(env, parameter[3], napi_uint8_array, 0, &frame->output));
  frame->argument[3] = (long)(uintptr_t)frame->output.data;
  return 0;
}

/*
 * Linux fills the value itself: no such call fails after it has written, and none can sleep. One
 * option counts its length in instructions of eight bytes, and would be written past the end.
 */
static long decode_getsockopt(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(decode_option(env, parameter, frame, SYS_getsockopt));
  if (frame->argument[1] == SOL_SOCKET && frame->argument[2] == SO_GET_FILTER) return -ENOPROTOOPT;
  frame->scratch.pair[0] = frame->output.length > INT_MAX ? INT_MAX : (int)frame->output.length;
  frame->argument[4] = (long)(uintptr_t)frame->scratch.pair;
  return 0;
}

static long reply_getsockopt(struct frame *frame, long result) {
  (void)result;
  return frame->scratch.pair[0];
}

static long decode_setsockopt(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(decode_option(env, parameter, frame, SYS_setsockopt));
  if (frame->output.length > INT_MAX) return -EINVAL;
  frame->argument[4] = (long)frame->output.length;
  return 0;
}

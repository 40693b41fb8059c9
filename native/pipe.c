/* pipe(2), splice(2), tee(2), vmsplice(2) */
#include "argument.h"

static long decode_pipe(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_pipe2; /* arm64 has no pipe */
  TRY(read_array(env, parameter[0], napi_int32_array, 2, &frame->output));
  frame->argument[0] = (long)(uintptr_t)frame->scratch.pair;
  return 0;
}

static long decode_pipe2(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_pipe2;
  TRY(read_int(env, parameter[0], &frame->argument[1]));
  TRY(read_array(env, parameter[1], napi_int32_array, 2, &frame->output));
  frame->argument[0] = (long)(uintptr_t)frame->scratch.pair;
  return 0;
}

static long decode_splice(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_splice;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_offset_pointer(env, parameter[1], &frame->offset_in, &frame->argument[1]));
  TRY(read_fd(env, parameter[2], &frame->argument[2]));
  TRY(read_offset_pointer(env, parameter[3], &frame->offset_out, &frame->argument[3]));
  TRY(read_size(env, parameter[4], &frame->argument[4]));
  return read_int(env, parameter[5], &frame->argument[5]);
}

static long decode_tee(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_tee;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_fd(env, parameter[1], &frame->argument[1]));
  TRY(read_size(env, parameter[2], &frame->argument[2]));
  return read_int(env, parameter[3], &frame->argument[3]);
}

static long decode_vmsplice(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_vmsplice;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_vector(env, parameter[1], frame, &frame->argument[1], &frame->argument[2]));
  return read_int(env, parameter[2], &frame->argument[3]);
}

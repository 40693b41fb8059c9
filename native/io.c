/* read(2), readv(2), preadv2(2), dup(2), fcntl(2), ioctl(2), close(2) */
#include "argument.h"

#include <fcntl.h>
#include <sys/ioctl.h>

static long decode_fd(napi_env env, const napi_value *parameter, struct frame *frame, long number) {
  frame->number = number;
  return read_fd(env, parameter[0], &frame->argument[0]);
}

static long decode_memory(
  napi_env env, const napi_value *parameter, struct frame *frame, long number
) {
  TRY(decode_fd(env, parameter, frame, number));
  return read_one_memory(env, parameter[1], frame, &frame->argument[1], &frame->argument[2]);
}

static long decode_read(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_memory(env, parameter, frame, SYS_read);
}

static long decode_write(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_memory(env, parameter, frame, SYS_write);
}

static long decode_vector(
  napi_env env, const napi_value *parameter, struct frame *frame, long number
) {
  TRY(decode_fd(env, parameter, frame, number));
  return read_vector(env, parameter[1], frame, &frame->argument[1], &frame->argument[2]);
}

static long decode_readv(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_vector(env, parameter, frame, SYS_readv);
}

static long decode_writev(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_vector(env, parameter, frame, SYS_writev);
}

static long decode_pread(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(decode_memory(env, parameter, frame, SYS_pread64));
  return read_offset(env, parameter[2], &frame->argument[3]);
}

static long decode_pwrite(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(decode_memory(env, parameter, frame, SYS_pwrite64));
  return read_offset(env, parameter[2], &frame->argument[3]);
}

/* The raw calls take the offset in two registers; on a 64-bit machine the first holds all of it. */
static long decode_vector_at(
  napi_env env, const napi_value *parameter, struct frame *frame, long number
) {
  TRY(decode_vector(env, parameter, frame, number));
  return read_offset(env, parameter[2], &frame->argument[3]);
}

static long decode_preadv(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_vector_at(env, parameter, frame, SYS_preadv);
}

static long decode_pwritev(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_vector_at(env, parameter, frame, SYS_pwritev);
}

static long decode_preadv2(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(decode_vector_at(env, parameter, frame, SYS_preadv2));
  return read_int(env, parameter[3], &frame->argument[5]);
}

static long decode_pwritev2(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(decode_vector_at(env, parameter, frame, SYS_pwritev2));
  return read_int(env, parameter[3], &frame->argument[5]);
}

static long decode_close(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_fd(env, parameter, frame, SYS_close);
}

static long decode_dup(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_fd(env, parameter, frame, SYS_dup);
}

/* arm64 has no dup2: dup3 does the same but for equal numbers, which dup2 only checks. */
static long decode_dup2(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(decode_fd(env, parameter, frame, SYS_dup3));
  TRY(read_fd(env, parameter[1], &frame->argument[1]));
  if (frame->argument[0] != frame->argument[1]) return 0;
  frame->number = SYS_fcntl;
  frame->argument[1] = F_GETFD;
  return 0;
}

static long reply_dup2(struct frame *frame, long result) {
  return frame->number == SYS_fcntl ? frame->argument[0] : result;
}

static long decode_dup3(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(decode_fd(env, parameter, frame, SYS_dup3));
  TRY(read_fd(env, parameter[1], &frame->argument[1]));
  return read_int(env, parameter[2], &frame->argument[2]);
}

/* The five words of a lock: type, whence, start, length, pid. */
static long decode_lock(napi_env env, napi_value value, struct frame *frame) {
  struct flock *lock = (struct flock *)frame->scratch.bytes;
  TRY(read_array(env, value, napi_bigint64_array, 5, &frame->output));
  const int64_t *words = frame->output.data;
  if (words[0] != (short)words[0] || words[1] != (short)words[1]) return -EINVAL;
  if (words[4] != (pid_t)words[4]) return -EINVAL;
  memset(lock, 0, sizeof *lock);
  lock->l_type = (short)words[0];
  lock->l_whence = (short)words[1];
  lock->l_start = words[2];
  lock->l_len = words[3];
  lock->l_pid = (pid_t)words[4];
  frame->argument[2] = (long)(uintptr_t)lock;
  return 0;
}

static long decode_owner(napi_env env, napi_value value, struct frame *frame) {
  TRY(read_array(env, value, napi_int32_array, 2, &frame->output));
  memcpy(frame->scratch.pair, frame->output.data, sizeof frame->scratch.pair);
  frame->argument[2] = (long)(uintptr_t)frame->scratch.pair;
  return 0;
}

static long decode_fcntl(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(decode_fd(env, parameter, frame, SYS_fcntl));
  TRY(read_int(env, parameter[1], &frame->argument[1]));
  switch ((int)frame->argument[1]) {
    case F_GETFD: case F_GETFL: case F_GETSIG: case F_GETPIPE_SZ: case F_GET_SEALS:
      return 0;
    case F_DUPFD: case F_DUPFD_CLOEXEC: case F_SETFD: case F_SETFL: case F_SETOWN: case F_SETSIG:
    case F_SETPIPE_SZ: case F_ADD_SEALS:
      return read_int(env, parameter[2], &frame->argument[2]);
    case F_SETOWN_EX: case F_GETOWN_EX:
      return decode_owner(env, parameter[2], frame);
    case F_OFD_SETLK: case F_OFD_SETLKW: case F_OFD_GETLK:
      return decode_lock(env, parameter[2], frame);
    default:
      return -EINVAL;
  }
}

static long reply_fcntl(struct frame *frame, long result) {
  const struct flock *lock = (const struct flock *)frame->scratch.bytes;
  if (frame->argument[1] == F_GETOWN_EX) return reply_pair(frame, result);
  if (frame->argument[1] != F_OFD_GETLK) return result;
  const int64_t words[5] = {lock->l_type, lock->l_whence, lock->l_start, lock->l_len, lock->l_pid};
  memcpy(frame->output.data, words, sizeof words);
  return result;
}

/* Only requests whose argument is one int: another one would have Linux write past it. */
static long decode_ioctl(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(decode_fd(env, parameter, frame, SYS_ioctl));
  TRY(read_int(env, parameter[1], &frame->argument[1]));
  TRY(read_array(env, parameter[2], napi_int32_array, 1, &frame->output));
  frame->argument[1] = (long)(uint32_t)frame->argument[1];
  if (frame->argument[1] != FIONREAD && frame->argument[1] != FIONBIO) return -ENOTTY;
  memcpy(frame->scratch.pair, frame->output.data, sizeof(int));
  frame->argument[2] = (long)(uintptr_t)frame->scratch.pair;
  return 0;
}

static long reply_ioctl(struct frame *frame, long result) {
  if (frame->argument[1] == FIONREAD) memcpy(frame->output.data, frame->scratch.pair, sizeof(int));
  return result;
}

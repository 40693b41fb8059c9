/* openat(2), openat2(2), fstat(2), sendfile(2), copy_file_range(2), memfd_create(2), prlimit(2) */
#include "argument.h"

#include <linux/openat2.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>

enum { STAT_FIELDS = 13, STATFS_FIELDS = 10 };

static long decode_openat(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_openat;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_path(env, parameter[1], frame, &frame->argument[1]));
  TRY(read_int(env, parameter[2], &frame->argument[2]));
  return read_int(env, parameter[3], &frame->argument[3]);
}

static long decode_openat2(napi_env env, const napi_value *parameter, struct frame *frame) {
  uint64_t word[3];
  frame->number = SYS_openat2;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_path(env, parameter[1], frame, &frame->argument[1]));
  for (int index = 0; index < 3; index++) TRY(read_word(env, parameter[2 + index], &word[index]));
  const struct open_how how = {.flags = word[0], .mode = word[1], .resolve = word[2]};
  memcpy(frame->scratch.bytes, &how, sizeof how);
  frame->argument[2] = (long)(uintptr_t)frame->scratch.bytes;
  frame->argument[3] = sizeof how;
  return 0;
}

static long decode_fstat(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_fstat;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_array(env, parameter[1], napi_bigint64_array, STAT_FIELDS, &frame->output));
  frame->argument[1] = (long)(uintptr_t)frame->scratch.bytes;
  return 0;
}

/* Filesystems keep times beyond the years 1677 to 2262, which are all that 64 bits can count so. */
static int64_t nanoseconds(const struct timespec *time) {
  int64_t whole, sum;
  bool overflows = __builtin_mul_overflow((int64_t)time->tv_sec, (int64_t)1000000000, &whole) ||
                   __builtin_add_overflow(whole, (int64_t)time->tv_nsec, &sum);
  if (overflows) return time->tv_sec < 0 ? INT64_MIN : INT64_MAX;
  return sum;
}

static long reply_fstat(struct frame *frame, long result) {
  struct stat stat;
  memcpy(&stat, frame->scratch.bytes, sizeof stat);
  const int64_t field[STAT_FIELDS] = {
    (int64_t)stat.st_dev, (int64_t)stat.st_ino, (int64_t)stat.st_mode, (int64_t)stat.st_nlink,
    (int64_t)stat.st_uid, (int64_t)stat.st_gid, (int64_t)stat.st_rdev, (int64_t)stat.st_size,
    (int64_t)stat.st_blksize, (int64_t)stat.st_blocks, nanoseconds(&stat.st_atim),
    nanoseconds(&stat.st_mtim), nanoseconds(&stat.st_ctim),
  };
  memcpy(frame->output.data, field, sizeof field);
  return result;
}

static long decode_lseek(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_lseek;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_offset(env, parameter[1], &frame->argument[1]));
  TRY(read_int(env, parameter[2], &frame->argument[2]));
  return read_array(env, parameter[3], napi_bigint64_array, 1, &frame->output);
}

static long reply_lseek(struct frame *frame, long result) {
  const int64_t position = result;
  memcpy(frame->output.data, &position, sizeof position);
  return 0;
}

static long decode_ftruncate(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_ftruncate;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  return read_offset(env, parameter[1], &frame->argument[1]);
}

static long decode_fallocate(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_fallocate;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_int(env, parameter[1], &frame->argument[1]));
  TRY(read_offset(env, parameter[2], &frame->argument[2]));
  return read_offset(env, parameter[3], &frame->argument[3]);
}

static long decode_sendfile(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_sendfile;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_fd(env, parameter[1], &frame->argument[1]));
  TRY(read_offset_pointer(env, parameter[2], &frame->offset_in, &frame->argument[2]));
  return read_size(env, parameter[3], &frame->argument[3]);
}

static long decode_copy_file_range(
  napi_env env, const napi_value *parameter, struct frame *frame
) {
  frame->number = SYS_copy_file_range;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_offset_pointer(env, parameter[1], &frame->offset_in, &frame->argument[1]));
  TRY(read_fd(env, parameter[2], &frame->argument[2]));
  TRY(read_offset_pointer(env, parameter[3], &frame->offset_out, &frame->argument[3]));
  TRY(read_size(env, parameter[4], &frame->argument[4]));
  return read_int(env, parameter[5], &frame->argument[5]);
}

static long decode_memfd_create(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_memfd_create;
  TRY(read_path(env, parameter[0], frame, &frame->argument[0]));
  return read_int(env, parameter[1], &frame->argument[1]);
}

static long decode_posix_fadvise(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_fadvise64;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_offset(env, parameter[1], &frame->argument[1]));
  TRY(read_offset(env, parameter[2], &frame->argument[2]));
  return read_int(env, parameter[3], &frame->argument[3]);
}

static long decode_readahead(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_readahead;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_offset(env, parameter[1], &frame->argument[1]));
  return read_size(env, parameter[2], &frame->argument[2]);
}

static long decode_fsync(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_fsync;
  return read_fd(env, parameter[0], &frame->argument[0]);
}

static long decode_fdatasync(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_fdatasync;
  return read_fd(env, parameter[0], &frame->argument[0]);
}

static long expect_statfs(napi_env env, napi_value value, struct frame *frame) {
  frame->argument[1] = (long)(uintptr_t)frame->scratch.bytes;
  return read_array(env, value, napi_bigint64_array, STATFS_FIELDS, &frame->output);
}

static long decode_statfs(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_statfs;
  TRY(read_path(env, parameter[0], frame, &frame->argument[0]));
  return expect_statfs(env, parameter[1], frame);
}

static long decode_fstatfs(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_fstatfs;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  return expect_statfs(env, parameter[1], frame);
}

static long reply_statfs(struct frame *frame, long result) {
  struct statfs statfs;
  memcpy(&statfs, frame->scratch.bytes, sizeof statfs);
  const int64_t field[STATFS_FIELDS] = {
    (int64_t)statfs.f_type, (int64_t)statfs.f_bsize, (int64_t)statfs.f_blocks,
    (int64_t)statfs.f_bfree, (int64_t)statfs.f_bavail, (int64_t)statfs.f_files,
    (int64_t)statfs.f_ffree, (int64_t)statfs.f_namelen, (int64_t)statfs.f_frsize,
    (int64_t)statfs.f_flags,
  };
  memcpy(frame->output.data, field, sizeof field);
  return result;
}

static long decode_eventfd(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_eventfd2;
  TRY(read_int(env, parameter[0], &frame->argument[0]));
  return read_int(env, parameter[1], &frame->argument[1]);
}

/* scratch.words: the new limit in 0 and 1, the old one in 2 and 3. */
static long decode_prlimit(napi_env env, const napi_value *parameter, struct frame *frame) {
  struct memory limit;
  napi_valuetype type;
  frame->number = SYS_prlimit64;
  frame->output = (struct memory){0};
  TRY(read_int(env, parameter[0], &frame->argument[0]));
  TRY(read_int(env, parameter[1], &frame->argument[1]));
  if (napi_typeof(env, parameter[2], &type) != napi_ok) return -EFAULT;
  if (type != napi_null) {
    TRY(read_array(env, parameter[2], napi_biguint64_array, 2, &limit));
    memcpy(frame->scratch.words, limit.data, 2 * sizeof(int64_t));
    frame->argument[2] = (long)(uintptr_t)frame->scratch.words;
  }
  if (napi_typeof(env, parameter[3], &type) != napi_ok) return -EFAULT;
  if (type != napi_null) {
    TRY(read_array(env, parameter[3], napi_biguint64_array, 2, &frame->output));
    frame->argument[3] = (long)(uintptr_t)(frame->scratch.words + 2);
  }
  return 0;
}

static long reply_prlimit(struct frame *frame, long result) {
  if (frame->output.length > 0) {
    memcpy(frame->output.data, frame->scratch.words + 2, 2 * sizeof(int64_t));
  }
  return result;
}

/*
 * The memory of an offloaded call. No other thread touches JavaScript's, which may be detached or
 * collected meanwhile: its bytes are copied into a block of the job's own, before the call where
 * that reads them, and after it, on the JavaScript thread, where it filled them. Addresses go to
 * Linux as they are.
 */
#include "pool.h"

#include <fcntl.h>
#include <sys/mman.h>

enum { MAX_RW_COUNT = 0x7ffff000, PAGE_BYTES = 4096 };

/* vmsplice(2) on the read end of a pipe fills the memory. */
static enum direction direction_of(const struct call *call, const struct frame *frame) {
  if (frame->number != SYS_vmsplice) return call->direction;
  const int flags = fcntl((int)frame->argument[0], F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) == O_RDONLY ? FILLS_MEMORY : READS_MEMORY;
}

/* recv(2) of TCP with MSG_TRUNC answers a number of bytes and fills none. */
static bool may_leave_bytes(const struct frame *frame) {
  if (frame->number == SYS_recvmsg) return (frame->argument[2] & MSG_TRUNC) != 0;
  return frame->number == SYS_recvfrom && (frame->argument[3] & MSG_TRUNC) != 0;
}

/* Otherwise the call has one piece, in its registers. */
static bool takes_vector(const struct frame *frame) {
  if (frame->number == SYS_sendmsg || frame->number == SYS_recvmsg) return true;
  return frame->argument[1] == (long)(uintptr_t)frame->vector;
}

/*
 * The first place at or after `at` that is aligned as the piece is, up to a page:
 * O_DIRECT asks for it.
 */
static size_t aligned(size_t at, const struct iovec *piece) {
  const size_t address = (size_t)(uintptr_t)piece->iov_base | PAGE_BYTES;
  const size_t alignment = address & -address;
  return (at + alignment - 1) & -alignment;
}

/* As Linux takes them: no more than MAX_RW_COUNT bytes, counted over all pieces. */
static size_t taken(const struct iovec *piece, size_t *room) {
  const size_t length = piece->iov_len < *room ? piece->iov_len : *room;
  *room -= length;
  return length;
}

/* The block begins with the pieces as they were. 0 when nothing is JavaScript's. */
static size_t block_length(const struct frame *frame) {
  size_t length = frame->vector_count * sizeof(struct iovec);
  size_t room = MAX_RW_COUNT;
  bool own = false;
  for (size_t index = 0; index < frame->vector_count; index++) {
    const size_t bytes = taken(&frame->vector[index], &room);
    if (!frame->vector_own[index]) continue;
    own = true;
    length = aligned(length, &frame->vector[index]) + bytes;
  }
  return own ? length : 0;
}

/*
 * Whether all of it could be copied. Bytes of a mapping whose file has lost them are zeros as soon
 * as we look: Linux would have said -EFAULT.
 */
static bool copy_bytes(void *target, const void *source, size_t length) {
  const unsigned healed = guard_healed;
  atomic_signal_fence(memory_order_seq_cst);
  if (length > 0) memcpy(target, source, length);
  atomic_signal_fence(memory_order_seq_cst);
  return guard_healed == healed;
}

static long move_into_block(struct job *job, bool copied) {
  struct frame *frame = &job->frame;
  size_t at = frame->vector_count * sizeof(struct iovec);
  size_t room = MAX_RW_COUNT;
  memcpy(job->block, frame->vector, at);
  for (size_t index = 0; index < frame->vector_count; index++) {
    struct iovec *piece = &frame->vector[index];
    const size_t bytes = taken(piece, &room);
    if (!frame->vector_own[index]) continue;
    at = aligned(at, piece);
    void *copy = (char *)job->block + at;
    if (copied && !copy_bytes(copy, piece->iov_base, bytes)) return -EFAULT;
    *piece = (struct iovec){.iov_base = copy, .iov_len = bytes};
    at += bytes;
  }
  return 0;
}

/*
 * Puts the job's own memory in the place of JavaScript's. Pages of its own, not of the heap: a pipe
 * that vmsplice(2) gave them keeps them after they are unmapped, and nobody writes there again.
 */
static long bounce(struct job *job) {
  struct frame *frame = &job->frame;
  job->block_length = block_length(frame);
  if (job->block_length == 0) return 0;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  job->block = mmap(NULL, job->block_length, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (job->block == MAP_FAILED) {
    job->block = NULL;
    return -ENOMEM;
  }
  job->direction = direction_of(job->call, frame);
  TRY(move_into_block(job, job->direction == READS_MEMORY || may_leave_bytes(frame)));
  if (takes_vector(frame)) return 0;
  frame->argument[1] = (long)(uintptr_t)frame->vector[0].iov_base;
  frame->argument[2] = (long)frame->vector[0].iov_len;
  return 0;
}

/* What the parameter holds now. All of it before the first is looked into: a getter may detach. */
static size_t read_pieces(
  napi_env env, const struct job *job, napi_value parameter, napi_value piece[MAX_VECTOR]
) {
  bool is_array = false;
  piece[0] = parameter;
  if (napi_is_array(env, parameter, &is_array) != napi_ok || !is_array) return 1;
  for (size_t index = 0; index < job->frame.vector_count; index++) {
    if (napi_get_element(env, parameter, (uint32_t)index, &piece[index]) == napi_ok) continue;
    forget_exception(env);
    napi_get_null(env, &piece[index]);
  }
  return job->frame.vector_count;
}

/*
 * Gives the bytes that the call filled to the pieces that are still what they were. Answers whether
 * these could take them.
 */
static bool give_back(napi_env env, const struct job *job, napi_value parameter) {
  const struct iovec *original = job->block;
  napi_value piece[MAX_VECTOR];
  size_t left = job->result < 0 ? 0 : (size_t)job->result;
  bool given = true;
  if (job->direction != FILLS_MEMORY) return true;
  if (read_pieces(env, job, parameter, piece) != job->frame.vector_count) return true;
  for (size_t index = 0; index < job->frame.vector_count && left > 0; index++) {
    struct memory now;
    const size_t bytes = taken(&job->frame.vector[index], &left);
    if (!job->frame.vector_own[index] || read_memory(env, piece[index], &now) < 0) continue;
    if (now.data != original[index].iov_base || now.length != original[index].iov_len) continue;
    if (!now.own) continue;
    given = copy_bytes(now.data, job->frame.vector[index].iov_base, bytes) && given;
  }
  return given;
}

static void bounce_free(struct job *job) {
  if (job->block != NULL) munmap(job->block, job->block_length);
}

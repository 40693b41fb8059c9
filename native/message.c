/* sendmsg(2), recvmsg(2): bytes, and beside them descriptors (SCM_RIGHTS of unix(7)) */
#include "argument.h"

/* Of SO_PASSPIDFD, Linux 6.5: a pidfd of the sender, which Linux opens for who receives. */
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

/* The header is zeros first: in musl there is padding where Linux has halves of its words. */
static long decode_message_header(
  napi_env env, const napi_value *parameter, struct frame *frame, long number
) {
  long pieces, count;
  struct msghdr *header = &frame->scratch.message.header;
  frame->number = number;
  frame->fds = (struct memory){0};
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_vector(env, parameter[1], frame, &pieces, &count));
  if (!is_null(env, parameter[2])) {
    TRY(read_array(env, parameter[2], napi_int32_array, 0, &frame->fds));
  }
  TRY(read_int(env, parameter[3], &frame->argument[2]));
  memset(header, 0, sizeof *header);
  header->msg_iov = frame->vector;
  header->msg_iovlen = count <= MAX_VECTOR ? count : MAX_VECTOR + 1;
  frame->argument[1] = (long)(uintptr_t)header;
  return 0;
}

/* One more than Linux takes is enough for it to refuse them. */
static long decode_sendmsg(napi_env env, const napi_value *parameter, struct frame *frame) {
  struct message *message = &frame->scratch.message;
  struct cmsghdr rights = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  TRY(decode_message_header(env, parameter, frame, SYS_sendmsg));
  if (is_null(env, parameter[2])) return 0;
  size_t count = frame->fds.length;
  if (count > MAX_DESCRIPTORS) count = MAX_DESCRIPTORS + 1;
  rights.cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(message->control, &rights, sizeof rights);
  if (count > 0) memcpy(message->control + CMSG_LEN(0), frame->fds.data, count * sizeof(int));
  message->header.msg_control = message->control;
  message->header.msg_controllen = CMSG_SPACE(count * sizeof(int));
  return 0;
}

/*
 * CMSG_LEN and not CMSG_SPACE: of what that adds to align a next message Linux would make room for
 * one descriptor more. Without any room it is told of none, and drops what comes.
 */
static long decode_recvmsg(napi_env env, const napi_value *parameter, struct frame *frame) {
  struct message *message = &frame->scratch.message;
  TRY(decode_message_header(env, parameter, frame, SYS_recvmsg));
  TRY(read_array(env, parameter[4], napi_int32_array, 2, &frame->output));
  size_t count = frame->fds.length;
  if (count == 0) return 0;
  if (count > MAX_DESCRIPTORS) count = MAX_DESCRIPTORS;
  message->header.msg_control = message->control;
  message->header.msg_controllen = CMSG_LEN(count * sizeof(int));
  return 0;
}

/* The descriptors that came as a control message of this type. Answers how many. */
static size_t read_descriptors(const struct message *message, int type, int *fds) {
  const size_t end = message->header.msg_controllen;
  struct cmsghdr control;
  for (size_t at = 0; at + sizeof control <= end; at += CMSG_ALIGN(control.cmsg_len)) {
    memcpy(&control, message->control + at, sizeof control);
    if (control.cmsg_len < sizeof control || control.cmsg_len > end - at) return 0;
    if (control.cmsg_level != SOL_SOCKET || control.cmsg_type != type) continue;
    const size_t bytes = control.cmsg_len - CMSG_LEN(0);
    memcpy(fds, message->control + at + CMSG_LEN(0), bytes);
    return bytes / sizeof(int);
  }
  return 0;
}

/* Closes those that came, but for the first `kept` ones of SCM_RIGHTS. Answers whether it did. */
static bool close_received(const struct message *message, size_t kept) {
  int fds[MAX_DESCRIPTORS + 1];
  size_t count = read_descriptors(message, SCM_RIGHTS, fds);
  bool closed = count > kept;
  for (size_t index = kept; index < count; index++) close(fds[index]);
  /* The seam has no place for it. A pidfd that was cut off is no number at all. */
  count = read_descriptors(message, SCM_PIDFD, fds);
  if (count > 0 && fds[0] >= 0) close(fds[0]);
  return closed || count > 0;
}

/*
 * Each descriptor that Linux has opened is handed out or closed: nobody else will ever know it.
 * The array may be shorter than it was where the call was made on another thread.
 */
static long reply_recvmsg(struct frame *frame, long result) {
  const struct message *message = &frame->scratch.message;
  int fds[MAX_DESCRIPTORS + 1];
  size_t count = read_descriptors(message, SCM_RIGHTS, fds);
  if (count > frame->fds.length) count = frame->fds.length;
  const bool lost = close_received(message, count);
  const int report[2] = {(int)count, message->header.msg_flags | (lost ? MSG_CTRUNC : 0)};
  if (count > 0) memcpy(frame->fds.data, fds, count * sizeof(int));
  memcpy(frame->output.data, report, sizeof report);
  return result;
}

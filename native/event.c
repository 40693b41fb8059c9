/* epoll(7), poll(2) */
#include "argument.h"

#include <poll.h>
#include <sys/epoll.h>

enum { MAX_EVENTS = 512, MAX_POLL = 1024 };

static long decode_epoll_create1(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_epoll_create1;
  return read_int(env, parameter[0], &frame->argument[0]);
}

static long decode_epoll_ctl(napi_env env, const napi_value *parameter, struct frame *frame) {
  struct epoll_event *event = (struct epoll_event *)frame->scratch.bytes;
  long events;
  uint64_t data;
  frame->number = SYS_epoll_ctl;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_int(env, parameter[1], &frame->argument[1]));
  TRY(read_fd(env, parameter[2], &frame->argument[2]));
  TRY(read_int(env, parameter[3], &events));
  TRY(read_word(env, parameter[4], &data));
  *event = (struct epoll_event){.events = (uint32_t)events, .data.u64 = data};
  frame->argument[3] = (long)(uintptr_t)event;
  return 0;
}

/* The vector's memory serves as the events: this call has no vector. */
static struct epoll_event *events_of(struct frame *frame) {
  _Static_assert(MAX_EVENTS * sizeof(struct epoll_event) <= sizeof frame->vector, "events fit");
  return (struct epoll_event *)frame->vector;
}

static long decode_epoll_wait(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_epoll_pwait;
  TRY(read_fd(env, parameter[0], &frame->argument[0]));
  TRY(read_int(env, parameter[1], &frame->argument[3]));
  TRY(read_array(env, parameter[2], napi_int32_array, 0, &frame->output));
  size_t room = frame->output.length / 3;
  frame->argument[1] = (long)(uintptr_t)events_of(frame);
  frame->argument[2] = room < MAX_EVENTS ? (long)room : MAX_EVENTS;
  return 0;
}

static long reply_epoll_wait(struct frame *frame, long result) {
  const struct epoll_event *event = events_of(frame);
  uint32_t *out = frame->output.data;
  for (long index = 0; index < result; index++) {
    *out++ = event[index].events;
    *out++ = (uint32_t)event[index].data.u64;
    *out++ = (uint32_t)(event[index].data.u64 >> 32);
  }
  return result;
}

static struct pollfd *pollfds_of(struct frame *frame) {
  _Static_assert(MAX_POLL * sizeof(struct pollfd) <= sizeof frame->vector, "descriptors fit");
  return (struct pollfd *)frame->vector;
}

static long decode_poll(napi_env env, const napi_value *parameter, struct frame *frame) {
  struct timespec *timeout = (struct timespec *)frame->scratch.bytes;
  struct pollfd *fds = pollfds_of(frame);
  long milliseconds;
  frame->number = SYS_ppoll;
  TRY(read_int(env, parameter[0], &milliseconds));
  TRY(read_array(env, parameter[1], napi_int32_array, 0, &frame->output));
  const int32_t *triple = frame->output.data;
  size_t count = frame->output.length / 3;
  if (frame->output.length % 3 != 0 || count > MAX_POLL) return -EINVAL;
  for (size_t index = 0; index < count; index++, triple += 3) {
    fds[index] = (struct pollfd){.fd = triple[0], .events = (short)triple[1]};
  }
  *timeout = (struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000};
  frame->argument[0] = (long)(uintptr_t)fds;
  frame->argument[1] = (long)count;
  frame->argument[2] = milliseconds < 0 ? 0 : (long)(uintptr_t)timeout;
  return 0;
}

static long reply_poll(struct frame *frame, long result) {
  const struct pollfd *fds = pollfds_of(frame);
  int32_t *triple = frame->output.data;
  for (size_t index = 0; index < frame->output.length / 3; index++) {
    triple[3 * index + 2] = fds[index].revents;
  }
  return result;
}

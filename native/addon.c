/*
 * The addon: every call of `Kernel` (src/kernel/kernel.ts) under its own name, with its own
 * parameters. One translation unit; this file is its table of contents.
 */
#include "call.h"

#include "io.c"
#include "pipe.c"
#include "socket.c"
#include "message.c"
#include "file.c"
#include "mm.c"
#include "event.c"
#include "environment.c"
#include "ballast.c"
#include "fault.c"
#include "guard.c"
#include "watch.c"
#include "sleep.c"
#include "pool.c"
#include "bounce.c"
#include "answer.c"
#include "offload.c"
#include "signal.c"
#include "range.c"

static const struct call calls[] = {
  /* name, decode, reply, sleeps, what it does with memory */
  {"read", decode_read, NULL, true, FILLS_MEMORY},
  {"write", decode_write, NULL, true, READS_MEMORY},
  {"readv", decode_readv, NULL, true, FILLS_MEMORY},
  {"writev", decode_writev, NULL, true, READS_MEMORY},
  {"pread", decode_pread, NULL, true, FILLS_MEMORY},
  {"pwrite", decode_pwrite, NULL, true, READS_MEMORY},
  {"preadv", decode_preadv, NULL, true, FILLS_MEMORY},
  {"pwritev", decode_pwritev, NULL, true, READS_MEMORY},
  {"preadv2", decode_preadv2, NULL, true, FILLS_MEMORY},
  {"pwritev2", decode_pwritev2, NULL, true, READS_MEMORY},
  {"close", decode_close, NULL, false, NO_MEMORY},
  {"dup", decode_dup, NULL, false, NO_MEMORY},
  {"dup2", decode_dup2, reply_dup2, false, NO_MEMORY},
  {"dup3", decode_dup3, NULL, false, NO_MEMORY},
  {"fcntl", decode_fcntl, reply_fcntl, true, NO_MEMORY},
  {"ioctl", decode_ioctl, reply_ioctl, false, NO_MEMORY},

  {"pipe", decode_pipe, reply_pair, false, NO_MEMORY},
  {"pipe2", decode_pipe2, reply_pair, false, NO_MEMORY},
  {"splice", decode_splice, NULL, true, NO_MEMORY},
  {"tee", decode_tee, NULL, true, NO_MEMORY},
  {"vmsplice", decode_vmsplice, NULL, true, READS_MEMORY},

  {"socketpair", decode_socketpair, reply_pair, false, NO_MEMORY},
  {"socket", decode_socket, NULL, false, NO_MEMORY},
  {"bind", decode_bind, NULL, false, NO_MEMORY},
  {"listen", decode_listen, NULL, false, NO_MEMORY},
  {"accept4", decode_accept4, reply_accept4, true, NO_MEMORY},
  {"connect", decode_connect, NULL, true, NO_MEMORY},
  {"shutdown", decode_shutdown, NULL, false, NO_MEMORY},
  {"send", decode_send, NULL, true, READS_MEMORY},
  {"recv", decode_recv, NULL, true, FILLS_MEMORY},
  {"sendmsg", decode_sendmsg, NULL, true, READS_MEMORY},
  {"recvmsg", decode_recvmsg, reply_recvmsg, true, FILLS_MEMORY},
  {"getsockopt", decode_getsockopt, reply_getsockopt, false, NO_MEMORY},
  {"setsockopt", decode_setsockopt, NULL, false, NO_MEMORY},
  {"getsockname", decode_getsockname, reply_address, false, NO_MEMORY},
  {"getpeername", decode_getpeername, reply_address, false, NO_MEMORY},

  {"openat", decode_openat, NULL, true, NO_MEMORY},
  {"openat2", decode_openat2, NULL, true, NO_MEMORY},
  {"fstat", decode_fstat, reply_fstat, false, NO_MEMORY},
  {"lseek", decode_lseek, reply_lseek, false, NO_MEMORY},
  {"ftruncate", decode_ftruncate, NULL, false, NO_MEMORY},
  {"fallocate", decode_fallocate, NULL, true, NO_MEMORY},
  {"sendfile", decode_sendfile, NULL, true, NO_MEMORY},
  {"copy_file_range", decode_copy_file_range, NULL, true, NO_MEMORY},
  {"memfd_create", decode_memfd_create, NULL, false, NO_MEMORY},
  {"posix_fadvise", decode_posix_fadvise, NULL, false, NO_MEMORY},
  {"readahead", decode_readahead, NULL, false, NO_MEMORY},
  {"fsync", decode_fsync, NULL, true, NO_MEMORY},
  {"fdatasync", decode_fdatasync, NULL, true, NO_MEMORY},
  {"statfs", decode_statfs, reply_statfs, false, NO_MEMORY},
  {"fstatfs", decode_fstatfs, reply_statfs, false, NO_MEMORY},
  {"eventfd", decode_eventfd, NULL, false, NO_MEMORY},
  {"prlimit", decode_prlimit, reply_prlimit, false, NO_MEMORY},

  {"mmap", decode_mmap, NULL, false, NO_MEMORY},
  {"munmap", decode_munmap, NULL, false, NO_MEMORY},
  {"msync", decode_msync, NULL, true, NO_MEMORY},
  {"mprotect", decode_mprotect, NULL, false, NO_MEMORY},
  {"mremap", decode_mremap, NULL, false, NO_MEMORY},
  {"madvise", decode_madvise, NULL, false, NO_MEMORY},
  {"load", decode_load, NULL, false, NO_MEMORY},
  {"store", decode_store, NULL, false, NO_MEMORY},

  {"epoll_create1", decode_epoll_create1, NULL, false, NO_MEMORY},
  {"epoll_ctl", decode_epoll_ctl, NULL, false, NO_MEMORY},
  {"epoll_wait", decode_epoll_wait, reply_epoll_wait, false, NO_MEMORY},
  {"poll", decode_poll, reply_poll, false, NO_MEMORY},
};

static const struct call *find_call(const char *name, size_t length) {
  for (size_t index = 0; index < sizeof calls / sizeof *calls; index++) {
    const char *known = calls[index].name;
    if (strlen(known) == length && memcmp(known, name, length) == 0) return &calls[index];
  }
  return NULL;
}

/* What is more than one system call. */
static const struct {
  const char *name;
  napi_callback function;
} doors[] = {
  {"page_size", page_size},
  {"view", view},
  {"address_of", address_of},
  {"detach", detach},

  {"watch", watch},
  {"hold", hold},
  {"unwatch", unwatch},
  {"offload", offload},
  {"interrupt", interrupt},
  {"signal_watch", signal_watch},
  {"signal_unwatch", signal_unwatch},
  {"guard", guard},
  {"guard_state", guard_state},
  {"guard_renew", guard_renew},
  {"unguard", unguard},
  {"own", own},
  {"disown", disown},
  {"requests", requests},
  {"entrust", entrust},
  {"reclaim", reclaim},
  {"initialize", initialize},
};

static bool export(
  napi_env env, napi_value exports, const char *name, napi_callback callback, const void *data
) {
  napi_value function;
  return napi_create_function(
           env, name, NAPI_AUTO_LENGTH, callback, (void *)(uintptr_t)data, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

NAPI_MODULE_INIT() {
  bool ok = environment_create(env);
  for (size_t index = 0; ok && index < sizeof calls / sizeof *calls; index++) {
    ok = export(env, exports, calls[index].name, enter, &calls[index]);
  }
  for (size_t index = 0; ok && index < sizeof doors / sizeof *doors; index++) {
    ok = export(env, exports, doors[index].name, doors[index].function, NULL);
  }
  return ok ? exports : NULL;
}

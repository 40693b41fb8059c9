/* mmap(2), munmap(2), msync(2), mprotect(2), mremap(2), madvise(2), and ArrayBuffers over memory */
#include "argument.h"

#include <sys/mman.h>

/* An address is only ever given to Linux. */
static long read_range(napi_env env, const napi_value *parameter, struct frame *frame) {
  TRY(read_offset(env, parameter[0], &frame->argument[0]));
  return read_size(env, parameter[1], &frame->argument[1]);
}

static long decode_mmap(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_mmap;
  TRY(read_range(env, parameter, frame));
  TRY(read_int(env, parameter[2], &frame->argument[2]));
  TRY(read_int(env, parameter[3], &frame->argument[3]));
  TRY(read_fd(env, parameter[4], &frame->argument[4]));
  return read_offset(env, parameter[5], &frame->argument[5]);
}

static long decode_munmap(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_munmap;
  return read_range(env, parameter, frame);
}

static long decode_range_flags(
  napi_env env, const napi_value *parameter, struct frame *frame, long number
) {
  frame->number = number;
  TRY(read_range(env, parameter, frame));
  return read_int(env, parameter[2], &frame->argument[2]);
}

static long decode_msync(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_range_flags(env, parameter, frame, SYS_msync);
}

static long decode_mprotect(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_range_flags(env, parameter, frame, SYS_mprotect);
}

static long decode_madvise(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_range_flags(env, parameter, frame, SYS_madvise);
}

static long decode_mremap(napi_env env, const napi_value *parameter, struct frame *frame) {
  frame->number = SYS_mremap;
  TRY(read_range(env, parameter, frame));
  TRY(read_size(env, parameter[2], &frame->argument[2]));
  TRY(read_int(env, parameter[3], &frame->argument[3]));
  return read_offset(env, parameter[4], &frame->argument[4]);
}

/*
 * process_vm_readv and process_vm_writev on this very process: no signal, whatever the address is.
 * They go by the protection asked for: memory of PROT_WRITE alone is refused, though x86-64 loads
 * it.
 */
static long decode_peek(
  napi_env env, const napi_value *parameter, struct frame *frame, long number
) {
  struct memory bytes;
  long address;
  frame->number = number;
  TRY(read_offset(env, parameter[0], &address));
  TRY(read_array(env, parameter[1], napi_uint8_array, 0, &bytes));
  frame->vector[0] = (struct iovec){.iov_base = bytes.data, .iov_len = bytes.length};
  frame->vector[1] = (struct iovec){.iov_base = (void *)address, .iov_len = bytes.length};
  frame->argument[0] = getpid();
  frame->argument[1] = (long)(uintptr_t)&frame->vector[0];
  frame->argument[2] = 1;
  frame->argument[3] = (long)(uintptr_t)&frame->vector[1];
  frame->argument[4] = 1;
  return 0;
}

static long decode_load(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_peek(env, parameter, frame, SYS_process_vm_readv);
}

static long decode_store(napi_env env, const napi_value *parameter, struct frame *frame) {
  return decode_peek(env, parameter, frame, SYS_process_vm_writev);
}

static napi_value page_size(napi_env env, napi_callback_info info) {
  (void)info;
  return answer(env, sysconf(_SC_PAGESIZE));
}

/* ---- the ArrayBuffer ------------------------------------------------------------------------ */

static const napi_type_tag view_tag = {0x736c756963652d76, 0x6965772d31000001};

/*
 * A view never owns its memory: whoever mapped it unmaps it. Node runs this after a detach, and
 * also when it refuses to make the ArrayBuffer, so nothing can be told from it.
 */
static void finalize_view(napi_env env, void *data, void *hint) {
  (void)env;
  (void)data;
  (void)hint;
}

/*
 * V8 says itself what it cannot hold, but for a range of versions that abort the process: from 32
 * GiB on a check on external memory fails (seen in Node 26.7, mended in 26.10: nodejs/node#65534).
 */
static bool view_aborts(napi_env env, long size) {
  const napi_node_version *version;
  if (size < 32L << 30) return false;
  if (napi_get_node_version(env, &version) != napi_ok) return true;
  return version->major == 25 || (version->major == 26 && version->minor < 10);
}

/* An ArrayBuffer that `address_of` and `detach` know. */
static napi_status view_of(
  napi_env env, void *data, size_t size, napi_finalize finalize, void *hint, napi_value *buffer
) {
  napi_status status =
    napi_create_external_arraybuffer(env, data, size, finalize, hint, buffer);
  return status == napi_ok ? napi_type_tag_object(env, *buffer, &view_tag) : status;
}

static napi_value view(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value parameter[2], buffer;
  long address, size;
  if (napi_get_cb_info(env, info, &count, parameter, NULL, NULL) != napi_ok) return NULL;
  if (read_offset(env, parameter[0], &address) < 0 || address <= 0) return answer(env, -EINVAL);
  if (read_size(env, parameter[1], &size) < 0) return answer(env, -EINVAL);
  if (view_aborts(env, size)) return answer(env, -EINVAL);
  napi_status status =
    view_of(env, (void *)address, (size_t)size, finalize_view, NULL, &buffer);
  if (status == napi_ok) return buffer;
  forget_exception(env);
  return answer(env, status == napi_no_external_buffers_allowed ? -ENOTSUP : -EINVAL);
}

/* An ArrayBuffer that `view` made and nobody has detached. */
static bool is_view(napi_env env, napi_value value) {
  bool ours = false, is_buffer = false, detached = true;
  if (napi_is_arraybuffer(env, value, &is_buffer) != napi_ok || !is_buffer) return false;
  if (napi_check_object_type_tag(env, value, &view_tag, &ours) != napi_ok || !ours) return false;
  return napi_is_detached_arraybuffer(env, value, &detached) == napi_ok && !detached;
}

static napi_value address_of(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value buffer;
  void *data;
  if (napi_get_cb_info(env, info, &count, &buffer, NULL, NULL) != napi_ok) return NULL;
  if (!is_view(env, buffer)) return answer(env, -EINVAL);
  if (napi_get_arraybuffer_info(env, buffer, &data, NULL) != napi_ok) return answer(env, -EINVAL);
  return answer(env, (long)(uintptr_t)data);
}

static napi_value detach(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value buffer;
  if (napi_get_cb_info(env, info, &count, &buffer, NULL, NULL) != napi_ok) return NULL;
  if (!is_view(env, buffer)) return answer(env, -EINVAL);
  return answer(env, napi_detach_arraybuffer(env, buffer) == napi_ok ? 0 : -EINVAL);
}

/* Included before the addon: Node-API as in Electron, which never calls the finalizer then. */
#include "../../native/call.h"

static inline napi_status refuse_external(
  napi_env env, void *data, size_t length, napi_finalize finalize, void *hint, napi_value *result
) {
  (void)env, (void)data, (void)length, (void)finalize, (void)hint, (void)result;
  return napi_no_external_buffers_allowed;
}

#define napi_create_external_arraybuffer refuse_external

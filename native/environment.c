/* One struct environment for each napi_env: the main thread's, and one for each worker. */
#include "environment.h"

static struct environment *environment_of(napi_env env) {
  void *data = NULL;
  return napi_get_instance_data(env, &data) == napi_ok ? data : NULL;
}

/* The last thing that happens to an environment: the hooks have stopped whatever used it. */
static void environment_free(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

static bool environment_create(napi_env env) {
  struct environment *environment = calloc(1, sizeof *environment);
  if (environment == NULL) return false;
  environment->env = env;
  environment->threaded = true;
  if (napi_set_instance_data(env, environment, environment_free, NULL) == napi_ok) return true;
  free(environment);
  return false;
}

static void call_back(
  napi_env env, napi_value function, size_t count, const napi_value *parameter
) {
  napi_value global;
  napi_value result;
  napi_value thrown;
  bool pending = false;
  if (napi_get_global(env, &global) != napi_ok) return;
  /* `result` is optional on Node; Deno writes to it. */
  if (napi_make_callback(env, NULL, global, function, count, parameter, &result) == napi_ok) return;
  /* A worker that is being terminated has nothing to say: every step here then fails. */
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return;
  if (napi_get_and_clear_last_exception(env, &thrown) == napi_ok) {
    napi_fatal_exception(env, thrown);
  }
}

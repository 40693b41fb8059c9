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

enum { WORD_BITS = 64, MAX_ENTRUSTED = 1 << 20 };

/* Room for this descriptor's bit. */
static long entrusted_room(struct environment *environment, size_t words) {
  if (words <= environment->entrusted_words) return 0;
  uint64_t *grown = realloc(environment->entrusted, words * sizeof *grown);
  if (grown == NULL) return -ENOMEM;
  memset(
    grown + environment->entrusted_words, 0, (words - environment->entrusted_words) * sizeof *grown
  );
  environment->entrusted = grown;
  environment->entrusted_words = words;
  return 0;
}

static long make_entrust(napi_env env, const napi_value *parameter) {
  long fd;
  struct environment *environment = environment_of(env);
  TRY(read_fd(env, parameter[0], &fd));
  if (fd < 0 || fd >= MAX_ENTRUSTED) return -EBADF;
  if (environment == NULL) return -ENOMEM;
  TRY(entrusted_room(environment, (size_t)fd / WORD_BITS + 1));
  environment->entrusted[fd / WORD_BITS] |= UINT64_C(1) << fd % WORD_BITS;
  return 0;
}

static long make_reclaim(napi_env env, const napi_value *parameter) {
  long fd;
  struct environment *environment = environment_of(env);
  TRY(read_fd(env, parameter[0], &fd));
  if (fd < 0 || environment == NULL) return -EBADF;
  if ((size_t)fd / WORD_BITS >= environment->entrusted_words) return -EBADF;
  uint64_t *word = &environment->entrusted[fd / WORD_BITS];
  const uint64_t bit = UINT64_C(1) << fd % WORD_BITS;
  if ((*word & bit) == 0) return -EBADF;
  *word &= ~bit;
  return 0;
}

static napi_value entrust(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_entrust);
}

static napi_value reclaim(napi_env env, napi_callback_info info) {
  return enter_door(env, info, make_reclaim);
}

static void entrusted_close(struct environment *environment) {
  for (size_t word = 0; word < environment->entrusted_words; word++) {
    for (size_t bit = 0; bit < WORD_BITS; bit++) {
      if (environment->entrusted[word] >> bit & 1) close((int)(word * WORD_BITS + bit));
    }
  }
  free(environment->entrusted);
}

/*
 * After the hooks of the doors and of offload, which were added later. The guards first: what is
 * unmapped may be another thread's range the next moment.
 */
static void environment_ends(void *data) {
  struct environment *environment = data;
  guard_environment_ends(environment->env);
  ranges_end(environment);
  entrusted_close(environment);
}

static bool environment_create(napi_env env) {
  struct environment *environment = calloc(1, sizeof *environment);
  if (environment == NULL) return false;
  environment->env = env;
  environment->threaded = true;
  if (napi_set_instance_data(env, environment, environment_free, NULL) == napi_ok) {
    return napi_add_env_cleanup_hook(env, environment_ends, environment) == napi_ok;
  }
  free(environment);
  return false;
}

static napi_value enter_door(napi_env env, napi_callback_info info, door_function make_door) {
  size_t count = MAX_PARAMETERS;
  napi_value parameter[MAX_PARAMETERS];
  if (napi_get_cb_info(env, info, &count, parameter, NULL, NULL) != napi_ok) return NULL;
  return answer(env, make_door(env, parameter));
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

/* A library that has a handler for SIGBUS of its own, as an addon for Node. */
#include <node_api.h>

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sigaction before;
static volatile int32_t handled;

static void chaining(int signal, siginfo_t *detail, void *context) {
  handled++;
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(signal, detail, context);
  } else if (before.sa_handler == SIG_DFL) {
    sigaction(signal, &before, NULL);
  } else if (before.sa_handler != SIG_IGN) {
    before.sa_handler(signal);
  }
}

/* Good for nothing: a fault would happen again for ever. */
static void deaf(int signal) {
  (void)signal;
  handled++;
}

static napi_value install_chaining(napi_env env, napi_callback_info info) {
  struct sigaction action = {.sa_sigaction = chaining, .sa_flags = SA_SIGINFO};
  (void)env, (void)info;
  sigaction(SIGBUS, &action, &before);
  return NULL;
}

static napi_value install_deaf(napi_env env, napi_callback_info info) {
  struct sigaction action = {.sa_handler = deaf};
  (void)env, (void)info;
  sigaction(SIGBUS, &action, NULL);
  return NULL;
}

static napi_value ignore(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  signal(SIGBUS, SIG_IGN);
  return NULL;
}

static napi_value handled_so_far(napi_env env, napi_callback_info info) {
  napi_value result;
  (void)info;
  napi_create_int32(env, handled, &result);
  return result;
}

/* The signal of a fault at memory that is good by the time that the handler looks at it. */
static napi_value late(napi_env env, napi_callback_info info) {
  siginfo_t detail = {.si_signo = SIGBUS, .si_code = BUS_ADRERR, .si_addr = &before};
  (void)env, (void)info;
  syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGBUS, &detail);
  return NULL;
}

/* A fault in memory that nobody guards. */
static napi_value fault(napi_env env, napi_callback_info info) {
  const int fd = memfd_create("foreign", MFD_CLOEXEC);
  const volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  napi_value result;
  (void)info;
  napi_create_int32(env, page[0], &result);
  return result;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor properties[] = {
    {"installChaining", NULL, install_chaining, NULL, NULL, NULL, napi_default, NULL},
    {"installDeaf", NULL, install_deaf, NULL, NULL, NULL, napi_default, NULL},
    {"ignore", NULL, ignore, NULL, NULL, NULL, napi_default, NULL},
    {"handled", NULL, handled_so_far, NULL, NULL, NULL, napi_default, NULL},
    {"late", NULL, late, NULL, NULL, NULL, napi_default, NULL},
    {"fault", NULL, fault, NULL, NULL, NULL, napi_default, NULL},
  };
  napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties);
  return exports;
}

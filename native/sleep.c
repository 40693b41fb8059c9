/*
 * A system call that another thread can wake at any moment, without a moment at which the wake-up
 * is lost.
 *
 * A signal that comes between the last check and the system call would be handled and forgotten,
 * and the call would sleep for ever. So the handler looks where it interrupted the thread: between
 * `begin` and the system call's own instruction it sends the thread to `refused`. Linux leaves the
 * thread at the instruction also when it means to restart the call, so one signal is enough for
 * every kind of call; and behind the instruction the answer exists and is kept.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <ucontext.h>

/*
 * -EINTR when `interrupted` is set or the signal comes in time;
 * otherwise the answer, n >= 0 or -errno.
 */
long sluice_sleep(const atomic_int *interrupted, long number, const long argument[6]);

/* Labels of sluice_sleep. */
extern const char sluice_sleep_begin[];
extern const char sluice_sleep_end[];
extern const char sluice_sleep_refused[];

#define LOCAL(name) ".hidden " #name "\n.globl " #name "\n" #name ":\n"

#if defined(__x86_64__)
__asm__(
  ".pushsection .text\n"
  ".p2align 4\n"
  ".type sluice_sleep, @function\n"
  LOCAL(sluice_sleep)
  ".cfi_startproc\n"
  "  movq %rdi, %r11\n"
  "  movq %rdx, %rcx\n"
  "  movq %rsi, %rax\n"
  "  movq (%rcx), %rdi\n"
  "  movq 8(%rcx), %rsi\n"
  "  movq 16(%rcx), %rdx\n"
  "  movq 24(%rcx), %r10\n"
  "  movq 32(%rcx), %r8\n"
  "  movq 40(%rcx), %r9\n"
  LOCAL(sluice_sleep_begin)
  "  cmpl $0, (%r11)\n"
  "  jne sluice_sleep_refused\n"
  "  syscall\n"
  LOCAL(sluice_sleep_end)
  "  ret\n"
  LOCAL(sluice_sleep_refused)
  "  movq $-4, %rax\n"
  "  ret\n"
  ".cfi_endproc\n"
  ".size sluice_sleep, . - sluice_sleep\n"
  ".popsection\n"
);

static greg_t *place_of(ucontext_t *context) {
  return &context->uc_mcontext.gregs[REG_RIP];
}
#elif defined(__aarch64__)
__asm__(
  ".pushsection .text\n"
  ".p2align 4\n"
  ".type sluice_sleep, %function\n"
  LOCAL(sluice_sleep)
  ".cfi_startproc\n"
  "  mov x9, x0\n"
  "  mov x8, x1\n"
  "  mov x10, x2\n"
  "  ldp x0, x1, [x10]\n"
  "  ldp x2, x3, [x10, #16]\n"
  "  ldp x4, x5, [x10, #32]\n"
  LOCAL(sluice_sleep_begin)
  "  ldr w11, [x9]\n"
  "  cbnz w11, sluice_sleep_refused\n"
  "  svc #0\n"
  LOCAL(sluice_sleep_end)
  "  ret\n"
  LOCAL(sluice_sleep_refused)
  "  mov x0, #-4\n"
  "  ret\n"
  ".cfi_endproc\n"
  ".size sluice_sleep, . - sluice_sleep\n"
  ".popsection\n"
);

static unsigned long long *place_of(ucontext_t *context) {
  return &context->uc_mcontext.pc;
}
#else
#error "sluice_sleep is written for x86-64 and arm64"
#endif

_Static_assert(EINTR == 4, "the answer of sluice_sleep_refused");

/*
 * Between two sleeps it does nothing:
 * the flag that was set before the signal was sent says it all.
 */
static void on_wake(int number, siginfo_t *detail, void *context) {
  const uintptr_t place = (uintptr_t)*place_of(context);
  (void)number;
  (void)detail;
  if (place < (uintptr_t)sluice_sleep_begin || place >= (uintptr_t)sluice_sleep_end) return;
  *place_of(context) = (uintptr_t)sluice_sleep_refused;
}

/*
 * Takes a signal that nobody uses, a high real-time one whose action is the default, for on_wake,
 * and answers it; -EBUSY when there is none. The highest two are left out: valgrind keeps 64, and
 * qemu's user mode delivers neither. Without SA_RESTART: the wake-up is meant to end the call.
 */
static int take_wake_signal(void) {
  struct sigaction action = {.sa_sigaction = on_wake, .sa_flags = SA_SIGINFO};
  struct sigaction present;
  sigfillset(&action.sa_mask);
  for (int signal = SIGRTMAX - 2; signal >= SIGRTMIN; signal--) {
    if (sigaction(signal, NULL, &present) != 0 || present.sa_handler != SIG_DFL) continue;
    if (sigaction(signal, &action, NULL) == 0) return signal;
  }
  return -EBUSY;
}

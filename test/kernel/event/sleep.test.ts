import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { runC, withoutCompiler } from '../../helpers/compiler.js';

/** Interrupts children that are about to sleep, each at another instruction before it does. */
const AT_EACH_INSTRUCTION = `
#include "${resolve('native/sleep.c')}"
#include <elf.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define PLACE(registers) (registers).rip
enum { INSTRUCTION = 2 };
#else
#define PLACE(registers) (registers).pc
enum { INSTRUCTION = 4 };
#endif

static int sleep_in_child(void) {
  int ends[2];
  char byte;
  atomic_int interrupted = 0;
  if (pipe(ends) != 0 || ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) return 2;
  take_wake_signal();
  raise(SIGSTOP);
  const long argument[6] = {ends[0], (long)&byte, 1};
  alarm(5);
  return sluice_sleep(&interrupted, SYS_read, argument) == -EINTR ? 0 : 1;
}

static uintptr_t place_in(pid_t child) {
  struct user_regs_struct registers;
  struct iovec vector = {&registers, sizeof registers};
  ptrace(PTRACE_GETREGSET, child, NT_PRSTATUS, &vector);
  return (uintptr_t)PLACE(registers);
}

static void step(pid_t child) {
  ptrace(PTRACE_SINGLESTEP, child, 0, 0);
  waitpid(child, NULL, 0);
}

static int wake_after(int steps, int wake, uintptr_t *place) {
  int status;
  pid_t child = fork();
  if (child == 0) _exit(sleep_in_child());
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) return status;
  while (place_in(child) != (uintptr_t)sluice_sleep_begin) step(child);
  while (steps-- > 0) step(child);
  *place = place_in(child);
  kill(child, wake);
  ptrace(PTRACE_CONT, child, 0, 0);
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    ptrace(PTRACE_CONT, child, 0, WSTOPSIG(status));
  }
  return status;
}

int main(void) {
  const int wake = take_wake_signal();
  const uintptr_t last = (uintptr_t)sluice_sleep_end - INSTRUCTION;
  uintptr_t place = 0;
  for (int steps = 0; place != last; steps++) {
    int status = wake_after(steps, wake, &place);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2) return puts("no ptrace"), 0;
    const long at = (long)(place - (uintptr_t)sluice_sleep_begin);
    if (status != 0) return printf("lost at +%ld\\n", at), 0;
  }
  return puts("never lost"), 0;
}
`;

test('OFFLOAD-49: a wake-up is not lost, whatever instruction it meets', {
  skip: withoutCompiler(),
}, (t) => {
  const seen = runC(AT_EACH_INSTRUCTION);
  if (seen === 'no ptrace\n') t.skip('needs ptrace(2)');
  else assert.equal(seen, 'never lost\n');
});

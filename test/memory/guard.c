/*
 * The guard of native/fault.c and guard.c among threads, in the one order that goes wrong: `fstat`
 * in its handler, which is where it may take long, waits for what another thread does meanwhile.
 */
#include "../../native/environment.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int slow_fstat(int fd, struct stat *stat);

#define fstat slow_fstat
#include "../../native/ballast.c"
#include "../../native/fault.c"
#include "../../native/guard.c"
#undef fstat

enum { PAGES = 4 };

static atomic_int in_handler, go_on, passed_on;
static size_t page;

static int slow_fstat(int fd, struct stat *stat) {
  atomic_store(&in_handler, 1);
  while (atomic_load(&go_on) == 0) sched_yield();
  return fstat(fd, stat);
}

static void others(int signal) {
  (void)signal;
  atomic_fetch_add(&passed_on, 1);
}

static int file_of(size_t pages) {
  const int fd = memfd_create("guard", MFD_CLOEXEC);
  assert(fd >= 0 && ftruncate(fd, (off_t)(pages * page)) == 0);
  return fd;
}

static char *map_at(char *address, int fd) {
  const int flags = MAP_SHARED | (address == NULL ? 0 : MAP_FIXED);
  char *start = mmap(address, PAGES * page, PROT_READ | PROT_WRITE, flags, fd, 0);
  assert(start != MAP_FAILED);
  return start;
}

static long add(char *start, int fd) {
  const long range[5] = {(long)start, (long)(PAGES * page), (long)page, dup(fd), 0};
  pthread_mutex_lock(&guard_lock);
  const long ticket = guard_add((napi_env)&page, range);
  pthread_mutex_unlock(&guard_lock);
  assert(ticket >= 0);
  return ticket;
}

static void withdraw(long ticket) {
  pthread_mutex_lock(&guard_lock);
  const int fd = guard_withdraw(ticket);
  pthread_mutex_unlock(&guard_lock);
  close(fd);
}

static long lost(long ticket) {
  return (long)atomic_load(&guard_entry(ticket)->lost);
}

static void *withdraw_it(void *ticket) {
  withdraw((long)ticket);
  return NULL;
}

static void *touch(void *address) {
  return (void *)(uintptr_t)*(volatile char *)address;
}

/* A range goes, and another file comes to its addresses, while a thread is in the handler. */
static void replaced_meanwhile(void) {
  const int old = file_of(0), next = file_of(PAGES);
  char *start = map_at(NULL, old);
  const long ticket = add(start, old);
  pthread_t thread;
  pthread_create(&thread, NULL, touch, start + page);
  while (atomic_load(&in_handler) == 0) sched_yield();
  pthread_t ender;
  pthread_create(&ender, NULL, withdraw_it, (void *)ticket);
  /* Not withdrawn while somebody visits it; without that rule this goes on all the same. */
  while (atomic_load(&guard_withdrawn) == 0) sched_yield();
  for (int times = 0; times < 100; times++) sched_yield();
  assert(guard_entry(ticket)->env != NULL);
  atomic_store(&go_on, 1);
  pthread_join(ender, NULL);
  pthread_join(thread, NULL);
  map_at(start, next);
  memset(start, 7, PAGES * page);
  char byte;
  assert(pread(next, &byte, 1, (off_t)(page + 1)) == 1 && byte == 7);
  assert(guard_visit((uintptr_t)start) == NULL);
}

/* A file that becomes shorter twice: what was lost at first is not lost again, nor are stores. */
static void lost_once(void) {
  const int fd = file_of(PAGES);
  char *start = map_at(NULL, fd);
  const long ticket = add(start, fd);
  assert(ftruncate(fd, (off_t)(2 * page)) == 0);
  start[3 * page] = 9;
  assert(lost(ticket) == (long)(2 * page));
  assert(ftruncate(fd, 0) == 0);
  touch(start);
  assert(lost(ticket) == (long)(PAGES * page) && start[3 * page] == 9);
  withdraw(ticket);
}

/* What is not a regular file says nothing of its size: one page is lost, not all. */
static void devices(void) {
  const int fd = file_of(PAGES), device = open("/dev/zero", O_RDWR | O_CLOEXEC);
  char *start = map_at(NULL, fd);
  const long ticket = add(start, device);
  assert(ftruncate(fd, (off_t)page) == 0);
  start[0] = 5;
  touch(start + page);
  assert(lost(ticket) == (long)page && start[0] == 5);
  withdraw(ticket);
}

static void fault_at(void *address, int code) {
  siginfo_t detail = {.si_signo = SIGBUS, .si_code = code};
  detail.si_addr = address;
  on_bus_error(SIGBUS, &detail, NULL);
}

/* A fault of nobody's is doubted once; at the same address again if a range has gone since. */
static void doubted(void) {
  const int fd = file_of(0);
  fault_at(&page, BUS_ADRERR);
  assert(atomic_load(&passed_on) == 0);
  withdraw(add(map_at(NULL, fd), fd));
  fault_at(&page, BUS_ADRERR);
  assert(atomic_load(&passed_on) == 0);
  fault_at(&page, BUS_ADRERR);
  assert(atomic_load(&passed_on) == 1);
}

/* A page that failed and that nobody has touched: Linux asks, and without a listener that kills. */
static void failed_page(void) {
  int status;
  const pid_t child = fork();
  if (child == 0) {
    guard_before[0].sa_handler = guard_before[1].sa_handler = SIG_DFL;
    fault_at(&page, BUS_MCEERR_AO);
    _exit(0);
  }
  assert(waitpid(child, &status, 0) == child);
  assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

int main(void) {
  page = (size_t)sysconf(_SC_PAGESIZE);
  signal(SIGBUS, others);
  replaced_meanwhile();
  lost_once();
  devices();
  doubted();
  failed_page();
  puts("alive");
  return 0;
}

/*
 * Preloaded into a program that cannot be told: its TCP sockets do without BBR's pacing, as those
 * of sluice do on loopback (src/cli/pacing.ts). What a listener accepts inherits it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int socket(int domain, int type, int protocol) {
  int (*real)(int, int, int) = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
  int fd = real(domain, type, protocol);
  /* Refused for what is not TCP, which is as well. */
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
  return fd;
}

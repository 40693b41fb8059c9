/* A door of readiness, as watch.c and the two that wait (door_uv.c, door_thread.c) share it. */
#ifndef SLUICE_DOOR_H
#define SLUICE_DOOR_H

#include "environment.h"

struct door {
  struct environment *environment;
  struct door *next;
  int ticket;
  int fd;
  bool held;
  door_callback callback;
  void *data;
  napi_ref listener; /* of `watch`; NULL for a door of C's own */
  void *handle;      /* door_uv.c: its uv_poll_t */
};

/* NULL once it is closed. */
static struct door *door_find(struct environment *environment, int ticket);
/* Runs the callback. The door may be gone afterwards. */
static void door_run(struct door *door);
static void doors_close(struct environment *environment);

#endif

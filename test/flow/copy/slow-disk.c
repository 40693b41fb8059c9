/*
 * A disk that is as slow as one likes: a FUSE file system of one file, without libfuse. Each read
 * waits for a byte on stdin. Mounts itself at the folder it is given, says so by a line on stdout,
 * a line for each read that waits, and unmounts itself when stdin ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILE_NODE = 2, BUFFER = 1 << 21 };

static char request[BUFFER];
static char content[BUFFER];
static int device;
static unsigned long long size;

static void answer(const struct fuse_in_header *in, int error, const void *body, size_t length) {
  struct fuse_out_header out = {
    .len = (unsigned)(sizeof out + length), .error = -error, .unique = in->unique};
  struct iovec parts[] = {{&out, sizeof out}, {(void *)body, length}};
  if (writev(device, parts, 2) < 0 && errno != ENOENT) perror("answer");
}

static struct fuse_attr attributes(unsigned long long node) {
  return node == FILE_NODE
    ? (struct fuse_attr){.ino = node, .size = size, .mode = S_IFREG | 0444, .nlink = 1}
    : (struct fuse_attr){.ino = node, .mode = S_IFDIR | 0555, .nlink = 2};
}

/* The byte at each place of the file is the place's number of page, so a test knows it. */
static void read_file(const struct fuse_in_header *in, const struct fuse_read_in *what) {
  char go;
  printf("read\n");
  fflush(stdout);
  if (read(0, &go, 1) != 1) {
    answer(in, EIO, NULL, 0);
    return;
  }
  unsigned long long end = what->offset + what->size;
  if (end > size) end = size;
  size_t length = end > what->offset ? (size_t)(end - what->offset) : 0;
  for (size_t at = 0; at < length; at++) content[at] = (char)((what->offset + at) / 4096);
  answer(in, 0, content, length);
}

static void serve(const struct fuse_in_header *in, const void *body) {
  struct fuse_attr attr = attributes(in->nodeid);
  switch (in->opcode) {
    case FUSE_INIT: {
      const struct fuse_init_in *asked = body;
      struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
                                  .minor = FUSE_KERNEL_MINOR_VERSION,
                                  .max_readahead = asked->max_readahead,
                                  .max_write = 65536};
      answer(in, 0, &out, sizeof out);
      return;
    }
    case FUSE_LOOKUP: {
      struct fuse_entry_out out = {.nodeid = FILE_NODE, .attr = attributes(FILE_NODE)};
      answer(in, strcmp(body, "file") == 0 ? 0 : ENOENT, &out, sizeof out);
      return;
    }
    case FUSE_GETATTR:
      answer(in, 0, &(struct fuse_attr_out){.attr = attr}, sizeof(struct fuse_attr_out));
      return;
    case FUSE_OPEN:
      answer(in, 0, &(struct fuse_open_out){.fh = 1}, sizeof(struct fuse_open_out));
      return;
    case FUSE_READ:
      read_file(in, body);
      return;
    case FUSE_FORGET:
    case FUSE_INTERRUPT:
      return;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
      answer(in, 0, NULL, 0);
      return;
    default:
      answer(in, ENOSYS, NULL, 0);
  }
}

int main(int count, char **words) {
  if (count != 3) return 2;
  char options[64];
  size = strtoull(words[2], NULL, 10);
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
  if (device < 0 || mount("slow", words[1], "fuse", MS_NOSUID | MS_NODEV, options) != 0) {
    perror("mount");
    return 1;
  }
  printf("mounted\n");
  fflush(stdout);
  for (;;) {
    ssize_t length = read(device, request, sizeof request);
    if (length < 0 && (errno == EINTR || errno == ENOENT)) continue;
    if (length <= 0) return 0;
    serve((const struct fuse_in_header *)request, request + sizeof(struct fuse_in_header));
  }
}

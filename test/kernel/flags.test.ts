import assert from 'node:assert/strict';
import * as flags from '../../src/kernel/flags.js';
import { succeeds } from '../helpers/claims.js';
import { runC, withoutCompiler } from '../helpers/compiler.js';
import { row } from '../helpers/conformance.js';
import { beside } from '../helpers/registry.js';

const HEADERS = [
  'stdio.h',
  'fcntl.h',
  'limits.h',
  'linux/falloc.h',
  'linux/magic.h',
  'linux/openat2.h',
  'netinet/in.h',
  'netinet/tcp.h',
  'poll.h',
  'signal.h',
  'sys/epoll.h',
  'sys/eventfd.h',
  'sys/ioctl.h',
  'sys/mman.h',
  'sys/resource.h',
  'sys/socket.h',
  'sys/stat.h',
  'sys/uio.h',
  'unistd.h',
];

/** Places in sluice's own arrays, and a limit that no header has. */
const OURS = /^(STAT|STATFS|SIGNAL)_|^(MAX_RW_COUNT|SCM_MAX_FD)$/;

/** 0 in the headers of a 64-bit C library, which needs no flag; F_GETFL shows the kernel's. */
const { O_LARGEFILE, ...inHeaders } = flags;

const constants = new Map(
  Object.entries(inHeaders)
    .filter(([name]) => !OURS.test(name))
    .map(([name, value]) => [name, BigInt(value)]),
);

/** Everything as 64 bits, so that unsigned constants stay what they are. */
function program(names: Iterable<string>): string {
  const includes = HEADERS.map((header) => `#include <${header}>`).join('\n');
  const prints = [...names].map((name) => `printf("${name} %lld\\n", (long long)(${name}));`);
  return `#define _GNU_SOURCE\n${includes}\nint main(void) {\n${prints.join('\n')}\n}\n`;
}

beside('flags: every constant has the value of the C headers', { skip: withoutCompiler() }, () => {
  const printed = runC(program(constants.keys())).trim().split('\n');
  const headers = new Map(printed.map((line) => line.split(' ') as [string, string]));
  for (const [name, value] of constants) {
    assert.equal(headers.get(name), `${BigInt.asIntN(64, value)}`, name);
  }
});

row('FLAG-LARGEFILE', 'O_LARGEFILE, which the headers hide, is what F_GETFL shows', (subject) => {
  const shown = succeeds(subject.kernel.fcntl(subject.file(), flags.F_GETFL));
  assert.equal(shown, flags.O_RDWR | O_LARGEFILE);
});

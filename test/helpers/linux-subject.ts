import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { startProcess, type TestProcess } from './process.js';
import { type Area, CallSubject, type Credentials, type TreeOfNames } from './subject.js';

/** The kernel that runs this machine. */
export class LinuxSubject extends CallSubject {
  readonly kernel: Kernel = linux;
  readonly credentials: Credentials = {
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  };
  readonly #processes: TestProcess[] = [];
  #root: string | undefined;
  #names = 0;

  path = (): string => {
    this.#root ??= mkdtempSync(join(tmpdir(), 'sluice-'));
    return join(this.#root, `${this.#names++}`);
  };

  directory = (): string => {
    const path = this.path();
    mkdirSync(path);
    return path;
  };

  unlink = (path: string): void => unlinkSync(path);
  openDescriptors = openDescriptors;

  readonly names: TreeOfNames = {
    mkdir: (path, mode) => mkdirSync(path as string, { mode }),
    symlink: (target, path) => symlinkSync(target as string, path as string),
    readlink: (path) => readlinkSync(path as string),
    rename: (path, newPath) => renameSync(path as string, newPath as string),
    readdir: (path) => readdirSync(path as string),
    utimes: (path, atime, mtime) => utimesSync(path as string, seconds(atime), seconds(mtime)),
    writeFile: (path, content, mode) => writeFileSync(path as string, content, { mode }),
  };

  area = (address: number): Area => {
    const text = readFileSync('/proc/self/smaps', 'latin1');
    const line = new RegExp(`^${address.toString(16)}-\\S+ (\\S+) [^]*?^Rss: +(\\d+) kB`, 'm');
    const [, permissions = '', kibibytes] = line.exec(text) ?? [];
    return { permissions, residentBytes: Number(kibibytes) * 1024 };
  };

  process = async (inherit: readonly number[] = []): Promise<TestProcess> => {
    const started = await startProcess(inherit);
    this.#processes.push(started);
    return started;
  };

  override async end(): Promise<void> {
    for (const started of this.#processes) await started.end();
    await super.end();
    if (this.#root !== undefined) rmSync(this.#root, { recursive: true });
  }
}

/** As a number of seconds, or, before 1970, as a Date: node:fs takes a negative number for now. */
function seconds(nanoseconds: bigint): number | Date {
  const milliseconds = Number(nanoseconds) / 1e6;
  return nanoseconds < 0n ? new Date(milliseconds) : milliseconds / 1000;
}

/** What glibc's malloc looks into, on whatever thread, before it gives memory back. */
const MALLOC = '/proc/sys/vm/overcommit_memory';

/** The open descriptors of this process and what each is, without the one that reads them. */
export function openDescriptors(): string[] {
  const numbers = readdirSync('/proc/self/fd').sort((a, b) => Number(a) - Number(b));
  return numbers.flatMap((fd) => {
    const target = targetOf(fd);
    return target === undefined || target === MALLOC ? [] : [`${fd} ${target}`];
  });
}

function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Memory, Offset, Vector } from '../../src/kernel/kernel.js';

export type Disposition = 'default' | 'ignore' | 'handle' | 'restart';

/** How a process ended: its exit code, or the name of the signal that killed it. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a signal handler saw last. */
export interface SignalInfo {
  readonly code: number;
  readonly fd: number;
  readonly band: number;
}

/**
 * A parameter of `call`: as in `Kernel`. Where an array is expected, a number is the register
 * itself. A vector can be an Address too: [address of the iovec, count].
 */
export type Parameter = number | bigint | null | string | Memory | Vector | Int32Array;

/**
 * Another process, with a descriptor table of its own, that makes calls when told. A call may
 * sleep: only it waits. Its answers are those of `Kernel`, bytes it fills appear in the caller's
 * array.
 */
export interface TestProcess {
  readonly pid: number;
  /** The numbers that the inherited descriptors have there, in the order they were given. */
  readonly inherited: readonly number[];
  call(name: CallName, ...parameters: Parameter[]): Promise<number>;
  /**
   * The call up to `count` times, its first argument `stride` further each time, until it fails:
   * the last answer.
   */
  sweep(
    count: number,
    stride: number,
    name: CallName,
    ...parameters: readonly number[]
  ): Promise<number>;
  /** Waits until the process sleeps in the call. */
  asleep(name: CallName): Promise<void>;
  signal(signal: number, disposition: Disposition): Promise<number>;
  /** How often the handler of the signal has run. */
  count(signal: number): Promise<number>;
  info(signal: number): Promise<SignalInfo>;
  /** Sends it a signal. */
  kill(signal: number): void;
  /** Waits until the signal is no longer pending: its action has begun. */
  delivered(signal: number): Promise<void>;
  /** Direct loads, stores and jumps, by which a process can die. */
  peek(address: number, length: number): Promise<Uint8Array>;
  poke(address: number, bytes: Uint8Array): Promise<number>;
  run(address: number): Promise<number>;
  /** A child that shares its descriptions; one a process. */
  fork(): Promise<TestProcess>;
  /** Replaces the program: descriptors with FD_CLOEXEC and all mappings go. */
  exec(): Promise<number>;
  /** Gives up all privileges: becomes user and group 65534. */
  dropPrivileges(): Promise<void>;
  readonly death: Promise<Death>;
  end(): Promise<void>;
}

type Kind = 'int' | 'memory' | 'vector' | 'offset*' | 'path' | 'ints' | 'limit';

interface Layout {
  readonly x64: number;
  readonly arm64: number;
  readonly kinds: readonly Kind[];
  /** The places of the registers, where they are not those of the parameters. */
  readonly order?: readonly number[];
  readonly fills?: boolean;
}

/** The descriptors on which the process takes requests: its own, and one for each fork. */
const CHANNELS: readonly number[] = [3, 4, 5];

const MEMORY_CALL: readonly Kind[] = ['int', 'memory'];
const VECTOR_CALL: readonly Kind[] = ['int', 'vector'];

const LAYOUTS = {
  read: { x64: 0, arm64: 63, kinds: MEMORY_CALL, fills: true },
  write: { x64: 1, arm64: 64, kinds: MEMORY_CALL },
  readv: { x64: 19, arm64: 65, kinds: VECTOR_CALL, fills: true },
  writev: { x64: 20, arm64: 66, kinds: VECTOR_CALL },
  preadv: { x64: 295, arm64: 69, kinds: ['int', 'vector', 'int'], fills: true },
  pwritev: { x64: 296, arm64: 70, kinds: ['int', 'vector', 'int'] },
  close: { x64: 3, arm64: 57, kinds: ['int'] },
  dup: { x64: 32, arm64: 23, kinds: ['int'] },
  dup3: { x64: 292, arm64: 24, kinds: ['int', 'int', 'int'] },
  fcntl: { x64: 72, arm64: 25, kinds: ['int', 'int', 'ints'] },
  ioctl: { x64: 16, arm64: 29, kinds: ['int', 'int', 'ints'] },
  pipe2: { x64: 293, arm64: 59, kinds: ['int', 'ints'], order: [1, 0] },
  splice: { x64: 275, arm64: 76, kinds: ['int', 'offset*', 'int', 'offset*', 'int', 'int'] },
  tee: { x64: 276, arm64: 77, kinds: ['int', 'int', 'int', 'int'] },
  vmsplice: { x64: 278, arm64: 75, kinds: ['int', 'vector', 'int'] },
  socketpair: { x64: 53, arm64: 199, kinds: ['int', 'int', 'int', 'ints'] },
  send: { x64: 44, arm64: 206, kinds: ['int', 'memory', 'int'] },
  recv: { x64: 45, arm64: 207, kinds: ['int', 'memory', 'int'], fills: true },
  shutdown: { x64: 48, arm64: 210, kinds: ['int', 'int'] },
  mknodat: { x64: 259, arm64: 33, kinds: ['int', 'path', 'int', 'int'] },
  openat: { x64: 257, arm64: 56, kinds: ['int', 'path', 'int', 'int'] },
  ftruncate: { x64: 77, arm64: 46, kinds: ['int', 'int'] },
  lseek: { x64: 8, arm64: 62, kinds: ['int', 'int', 'int'] },
  sendfile: { x64: 40, arm64: 71, kinds: ['int', 'int', 'offset*', 'int'] },
  copy_file_range: {
    x64: 326,
    arm64: 285,
    kinds: ['int', 'offset*', 'int', 'offset*', 'int', 'int'],
  },
  mmap: { x64: 9, arm64: 222, kinds: ['int', 'int', 'int', 'int', 'int', 'int'] },
  munmap: { x64: 11, arm64: 215, kinds: ['int', 'int'] },
  mprotect: { x64: 10, arm64: 226, kinds: ['int', 'int', 'int'] },
  msync: { x64: 26, arm64: 227, kinds: ['int', 'int', 'int'] },
  prlimit: { x64: 302, arm64: 261, kinds: ['int', 'int', 'limit', 'limit'] },
  setresuid: { x64: 117, arm64: 147, kinds: ['int', 'int', 'int'] },
  setresgid: { x64: 119, arm64: 149, kinds: ['int', 'int', 'int'] },
  setpgid: { x64: 109, arm64: 154, kinds: ['int', 'int'] },
  setsid: { x64: 112, arm64: 157, kinds: [] },
  getpid: { x64: 39, arm64: 172, kinds: [] },
  kill: { x64: 62, arm64: 129, kinds: ['int', 'int'] },
  accept4: { x64: 288, arm64: 242, kinds: ['int', 'int', 'int', 'int'] },
} satisfies Record<string, Layout>;

export type CallName = keyof typeof LAYOUTS;

/** The words as a register has them: signed. */
function registersOf(words: BigUint64Array): bigint[] {
  return [...words].map((word) => BigInt.asIntN(64, word));
}

function systemCallNumber(name: CallName): number {
  return LAYOUTS[name][process.arch === 'arm64' ? 'arm64' : 'x64'];
}

/** Starts the helper; `inherit` lists descriptors it gets, under the numbers in `inherited`. */
export async function startProcess(inherit: readonly number[] = []): Promise<TestProcess> {
  const binary = fileURLToPath(new URL('./process', import.meta.url));
  const child = spawn(binary, [], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe', 'pipe', ...inherit],
  });
  const channels = CHANNELS.map((index) => child.stdio[index] as Socket);
  const death = new Promise<Death>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return new LinuxProcess(
    child,
    child.pid as number,
    channels,
    inherit.map((_, index) => 6 + index),
    death,
  );
}

class LinuxProcess implements TestProcess {
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #channel: Socket;

  constructor(
    readonly child: ChildProcess,
    readonly pid: number,
    readonly channels: Socket[],
    readonly inherited: readonly number[],
    readonly death: Promise<Death>,
  ) {
    this.#channel = channels[0] as Socket;
    this.#channel.on('error', () => {});
    createInterface({ input: this.#channel }).on('line', (line) => this.#waiting.shift()?.(line));
  }

  #request(line: string): Promise<string> {
    const answer = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#channel.write(`${line}\n`);
    return Promise.race([
      answer,
      this.death.then(({ code, signal }) => {
        throw new Error(`the process ended (${signal ?? code}) at: ${line}`);
      }),
    ]);
  }

  async #number(line: string): Promise<number> {
    return Number(await this.#request(line));
  }

  #blob(bytes: Uint8Array): Promise<number> {
    return this.#number(`blob ${Buffer.from(bytes).toString('hex')}`);
  }

  async call(name: CallName, ...parameters: Parameter[]): Promise<number> {
    const layout: Layout = LAYOUTS[name];
    const filled: { address: number; bytes: Uint8Array }[] = [];
    const registers: (number | bigint)[][] = [];
    for (const [index, kind] of layout.kinds.entries()) {
      registers.push(await this.#encode(kind, parameters[index] as Parameter, layout, filled));
    }
    const ordered = layout.order?.map((place) => registers[place] as number[]) ?? registers;
    const result = await this.#number(`call ${systemCallNumber(name)} ${ordered.flat().join(' ')}`);
    if (result >= 0) {
      for (const { address, bytes } of filled) bytes.set(await this.peek(address, bytes.length));
    }
    return result;
  }

  sweep(
    count: number,
    stride: number,
    name: CallName,
    ...parameters: readonly number[]
  ): Promise<number> {
    const registers = [systemCallNumber(name), ...parameters];
    return this.#number(`sweep ${count} ${stride} ${registers.join(' ')}`);
  }

  async #encode(
    kind: Kind,
    value: Parameter,
    layout: Layout,
    filled: { address: number; bytes: Uint8Array }[],
  ): Promise<(number | bigint)[]> {
    if (value === undefined) return [0];
    if (kind === 'int') return [value as number];
    if (value === null) return [0];
    if (kind === 'ints' && typeof value === 'number') return [value];
    if (kind === 'offset*') {
      return [
        await this.#blob(new Uint8Array(new BigInt64Array([BigInt(value as Offset)]).buffer)),
      ];
    }
    if (kind === 'path') return [await this.#blob(new TextEncoder().encode(`${value}\0`))];
    if (kind === 'memory') return this.#piece(value as Memory, layout, filled);
    if (kind === 'vector' && value instanceof BigUint64Array) return registersOf(value);
    if (kind === 'vector') {
      const pieces: (number | bigint)[] = [];
      for (const piece of value as Vector)
        pieces.push(...(await this.#piece(piece, layout, filled)));
      const iovec = new BigUint64Array(pieces.map(BigInt));
      return [await this.#blob(new Uint8Array(iovec.buffer)), pieces.length / 2];
    }
    const array = value as Int32Array;
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const address = await this.#blob(bytes);
    filled.push({ address, bytes });
    return [address];
  }

  async #piece(
    memory: Memory,
    layout: Layout,
    filled: { address: number; bytes: Uint8Array }[],
  ): Promise<(number | bigint)[]> {
    if (memory instanceof BigUint64Array) return registersOf(memory);
    const address = await this.#blob(memory);
    if (layout.fills) filled.push({ address, bytes: memory });
    return [address, memory.length];
  }

  async asleep(name: CallName): Promise<void> {
    while (!this.#sleepsIn(systemCallNumber(name))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /**
   * Between two requests the process sleeps in a read of its channel: that is not the one meant.
   */
  #sleepsIn(number: number): boolean {
    const [call, first] = readFileSync(`/proc/${this.pid}/syscall`, 'latin1').split(' ');
    const inChannel = number === systemCallNumber('read') && CHANNELS.includes(Number(first));
    return Number(call) === number && !inChannel;
  }

  signal(signal: number, disposition: Disposition): Promise<number> {
    return this.#number(`signal ${signal} ${disposition}`);
  }

  count(signal: number): Promise<number> {
    return this.#number(`count ${signal}`);
  }

  async info(signal: number): Promise<SignalInfo> {
    const [code, fd, band] = (await this.#request(`info ${signal}`)).split(' ').map(Number);
    return { code: code as number, fd: fd as number, band: band as number };
  }

  kill(signal: number): void {
    process.kill(this.pid, signal);
  }

  async delivered(signal: number): Promise<void> {
    while (this.#isPending(signal)) await new Promise((resolve) => setImmediate(resolve));
  }

  #isPending(signal: number): boolean {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    const pending = BigInt(`0x${/^ShdPnd:\s*(\w+)/m.exec(status)?.[1] ?? 0}`);
    return ((pending >> BigInt(signal - 1)) & 1n) === 1n;
  }

  async peek(address: number, length: number): Promise<Uint8Array> {
    return Buffer.from(await this.#request(`peek ${address} ${length}`), 'hex');
  }

  poke(address: number, bytes: Uint8Array): Promise<number> {
    return this.#number(`poke ${address} ${Buffer.from(bytes).toString('hex')}`);
  }

  run(address: number): Promise<number> {
    return this.#number(`run ${address}`);
  }

  async fork(): Promise<TestProcess> {
    const pid = await this.#number('fork');
    return new LinuxProcess(this.child, pid, this.channels.slice(1), this.inherited, this.death);
  }

  exec(): Promise<number> {
    return this.#number('exec');
  }

  async dropPrivileges(): Promise<void> {
    if (process.getuid?.() !== 0) return;
    await this.call('setresgid', 65534, 65534, 65534);
    await this.call('setresuid', 65534, 65534, 65534);
  }

  async end(): Promise<void> {
    for (const channel of this.channels) channel.end();
    await this.death;
  }
}

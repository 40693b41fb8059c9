import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Memory, Offset, Vector } from '../../src/kernel/kernel.js';
import { placeMessage } from './message.js';
import {
  type CallName,
  type Kind,
  LAYOUTS,
  type Layout,
  systemCallNumber,
} from './system-calls.js';

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
  /** Waits until the process sleeps in the call, which has been made. */
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

/** The descriptors on which the process takes requests: its own, and one for each fork. */
const CHANNELS: readonly number[] = [3, 4, 5];

/** The words as a register has them: signed. */
function registersOf(words: BigUint64Array): bigint[] {
  return [...words].map((word) => BigInt.asIntN(64, word));
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
    if (name === 'sendmsg' || name === 'recvmsg') return this.#message(name, parameters);
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

  async #message(name: 'sendmsg' | 'recvmsg', parameters: Parameter[]): Promise<number> {
    const [fd, vector, fds, flags, report] = parameters;
    const filled: { address: number; bytes: Uint8Array }[] = [];
    const iovec = await this.#encode('vector', vector as Vector, LAYOUTS[name], filled);
    const blob = (bytes: Uint8Array) => this.#blob(bytes);
    const message = await placeMessage(blob, iovec, fds as Int32Array | null);
    const registers = [systemCallNumber(name), fd, message.address, flags];
    const result = await this.#number(`call ${registers.join(' ')}`);
    if (result < 0 || name === 'sendmsg') return result;
    for (const { address, bytes } of filled) bytes.set(await this.peek(address, bytes.length));
    await message.readBack((...place) => this.peek(...place), report as Int32Array);
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
      if (this.#waiting.length === 0) throw new Error(`${name} was answered without a sleep`);
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

import * as f from '../../src/kernel/flags.js';
import { SLEEPING_CALLS, type SleepingCall } from '../../src/kernel/kernel.js';
import { type Access, LOAD, RUN, STORE } from '../../src/kernel/sim/mm/space.js';
import type { Process } from '../../src/kernel/sim/processes.js';
import { SimKernel } from '../../src/kernel/sim/sim.js';
import type { Death, Disposition, Parameter, SignalInfo, TestProcess } from './process.js';
import { otherCall, parametersOf } from './sim-system-calls.js';
import type { CallName } from './system-calls.js';

/** SIGPIPE: 13 … */
const SIGNALS = Object.entries(f).filter(([name]) => /^SIG[A-Z0-9]+$/.test(name)) as [
  name: string,
  number: number,
][];

/** Every process has them. */
const STANDARD: readonly number[] = [0, 1, 2];

/** A spawned program: the descriptors it inherits, and the default action for every signal. */
export function startSimProcess(parent: Process, inherit: readonly number[]): SimProcess {
  const caller = parent.fork([...STANDARD, ...inherit]);
  caller.isInterruptible = true;
  for (const [, signal] of SIGNALS) caller.signals.set(signal, 'default');
  return new SimProcess(
    caller,
    inherit.map((_, index) => STANDARD.length + index),
  );
}

/** A process of a sim kernel that makes calls when told. */
export class SimProcess implements TestProcess {
  readonly kernel: SimKernel;
  readonly pid: number;
  readonly death: Promise<Death>;
  readonly #dispositions = new Map<number, Disposition>();
  readonly #counts = new Map<number, number>();
  readonly #infos = new Map<number, SignalInfo>();
  readonly #children: SimProcess[] = [];
  #callsUnderWay = 0;

  constructor(
    readonly caller: Process,
    readonly inherited: readonly number[],
  ) {
    this.kernel = new SimKernel({}, caller);
    this.pid = caller.pid;
    this.death = new Promise((resolve) => {
      caller.onDeath = (signal) => resolve(deathBy(signal));
    });
  }

  async call(name: CallName, ...parameters: Parameter[]): Promise<number> {
    this.#callsUnderWay++;
    const result = await this.#orDeath(name, this.#make(name, parameters));
    this.#callsUnderWay--;
    return result;
  }

  async sweep(
    count: number,
    stride: number,
    name: CallName,
    ...parameters: readonly number[]
  ): Promise<number> {
    const [first = 0, ...others] = parameters;
    let result = 0;
    for (let index = 0; index < count && result >= 0; index++) {
      result = await this.#make(name, [first + index * stride, ...others]);
    }
    return result;
  }

  async asleep(name: CallName): Promise<void> {
    while (![...this.caller.sleepers.values()].some(({ isAsleep }) => isAsleep)) {
      await this.#turn();
      if (this.#callsUnderWay === 0) throw new Error(`${name} was answered without a sleep`);
    }
  }

  async signal(signal: number, disposition: Disposition): Promise<number> {
    this.#dispositions.set(signal, disposition);
    if (disposition === 'default' || disposition === 'ignore') {
      return this.kernel.sigaction(signal, disposition);
    }
    const restart = disposition === 'restart';
    return this.kernel.sigaction(signal, (info) => this.#handle(info), { restart });
  }

  async count(signal: number): Promise<number> {
    await this.#settled(`count ${signal}`);
    return this.#counts.get(signal) ?? 0;
  }

  async info(signal: number): Promise<SignalInfo> {
    await this.#settled(`info ${signal}`);
    return this.#infos.get(signal) ?? { code: 0, fd: 0, band: 0 };
  }

  kill(signal: number): void {
    this.kernel.kill(this.pid, signal);
  }

  async delivered(signal: number): Promise<void> {
    while (this.caller.signals.isPending(signal)) await this.#turn();
  }

  async peek(address: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const loaded = this.caller.space.load(address, bytes, 0, length);
    if (loaded < length) this.#access(address + loaded, LOAD);
    await this.#settled('peek');
    return bytes;
  }

  async poke(address: number, bytes: Uint8Array): Promise<number> {
    const stored = this.caller.space.store(address, bytes, 0, bytes.length);
    if (stored < bytes.length) this.#access(address + stored, STORE);
    await this.#settled('poke');
    return bytes.length;
  }

  /** There is no machine code: a jump is the fetch of an instruction. */
  async run(address: number): Promise<number> {
    this.#access(address, RUN);
    await this.#settled('run');
    return 0;
  }

  async fork(): Promise<TestProcess> {
    const child = new SimProcess(this.caller.fork(), this.inherited);
    for (const [signal, disposition] of this.#dispositions) child.signal(signal, disposition);
    for (const [signal, count] of this.#counts) child.#counts.set(signal, count);
    this.#children.push(child);
    return child;
  }

  async exec(): Promise<number> {
    this.kernel.exec();
    this.#dispositions.clear();
    this.#counts.clear();
    return 0;
  }

  async dropPrivileges(): Promise<void> {
    await this.call('setresgid', 65534, 65534, 65534);
    await this.call('setresuid', 65534, 65534, 65534);
  }

  async end(): Promise<void> {
    for (const child of this.#children) await child.end();
    this.caller.die(0);
    await this.death;
  }

  /** A call that may sleep does so; any other is made now. */
  #make(name: CallName, parameters: readonly Parameter[]): Promise<number> {
    const other = otherCall(this, name, parameters);
    if (other !== undefined) return Promise.resolve(other);
    const values = parametersOf(this, name, parameters);
    if (!SLEEPING_CALLS.includes(name as SleepingCall)) {
      const plain = this.kernel[name as 'dup'] as (...values: unknown[]) => number;
      return Promise.resolve(plain(...values));
    }
    return new Promise((resolve) => {
      const ticket = this.kernel.offload(name as SleepingCall, values as never, resolve);
      if (ticket < 0) resolve(ticket);
    });
  }

  /** What a request answers, unless the process dies of it. */
  async #orDeath(request: string, answer: Promise<number>): Promise<number> {
    const result = await Promise.race([answer, this.death]);
    await this.#settled(request);
    return result as number;
  }

  /** All signals sent so far have been delivered, and the process lives. */
  async #settled(request: string): Promise<void> {
    await this.#turn();
    if (this.caller.death === undefined) return;
    const { code, signal } = await this.death;
    throw new Error(`the process ended (${signal ?? code}) at: ${request}`);
  }

  /** Whatever has been scheduled by now has run. */
  #turn(): Promise<void> {
    return new Promise((resolve) => this.caller.machine.schedule(resolve));
  }

  #handle({ signal, code, fd, band }: SignalInfo & { readonly signal: number }): void {
    this.#counts.set(signal, (this.#counts.get(signal) ?? 0) + 1);
    this.#infos.set(signal, { code, fd, band });
  }

  /** Dies of the access, where it is a signal. */
  #access(address: number, access: Access): void {
    const signal = this.caller.space.access(address, access);
    if (typeof signal === 'number') this.caller.die(signal);
  }
}

function deathBy(signal: number): Death {
  if (signal === 0) return { code: 0, signal: null };
  const [name] = SIGNALS.find(([, number]) => number === signal) ?? [];
  return { code: null, signal: (name ?? `SIG${signal}`) as NodeJS.Signals };
}

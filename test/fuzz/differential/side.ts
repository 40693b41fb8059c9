/** One of the two kernels in a run: its descriptors by name, and the memory that it fills. */
import { F_GETFD, F_GETFL } from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import type { Name } from './step.js';

/** What the calls of one step may fill together. */
const SCRATCH_BYTES = 1 << 19;

export function newScratch(): Uint8Array {
  return new Uint8Array(SCRATCH_BYTES);
}

/** The pages of a mapping. */
export interface Mapping {
  readonly address: number;
  readonly length: number;
}

const PAGE = 4096;

export class Side {
  readonly #mappings = new Map<Name, Mapping>();
  readonly #fds: number[] = [];
  /** What the step has filled, or could have: compared with the other side's. */
  readonly outputs: Uint8Array[] = [];
  /** Where pipe2(2) and socketpair(2) put the numbers, which are not compared. */
  readonly ends = new Int32Array(2);
  readonly #scratch: Uint8Array;
  #used = 0;

  /** @param directory where its files are */
  constructor(
    readonly kernel: Kernel,
    readonly directory: string,
    /** Memory that may be used again, emptied. */
    scratch = newScratch(),
  ) {
    this.#scratch = scratch;
  }

  begin(): void {
    this.outputs.length = 0;
    this.#used = 0;
  }

  /** −1 where the name is not open. */
  fd(name: Name): number {
    return this.#fds[name] ?? -1;
  }

  setFd(name: Name, fd: number): void {
    if (name >= 0) this.#fds[name] = fd;
  }

  mapping(name: Name): Mapping | undefined {
    return this.#mappings.get(name);
  }

  mapped(name: Name, address: number, length: number): void {
    this.#mappings.set(name, { address, length: Math.ceil(length / PAGE) * PAGE });
  }

  unmapped(name: Name): void {
    this.#mappings.delete(name);
  }

  mappings(): Mapping[] {
    return [...this.#mappings.values()];
  }

  /** F_GETFL. */
  flagsOf(name: Name): number {
    return this.kernel.fcntl(this.fd(name), F_GETFL);
  }

  /** What came in a message is compared, but for the numbers, and closed. */
  received(fds: Int32Array | null, report: Int32Array): void {
    const [count] = report;
    const came = [...(fds?.subarray(0, count) ?? [])];
    const looks = came.map((fd) => [F_GETFD, F_GETFL].map((get) => this.kernel.fcntl(fd, get)));
    this.words(Int32Array.from(looks.flat()));
    for (const fd of came) this.kernel.close(fd);
  }

  names(): Name[] {
    return this.#fds.flatMap((fd, name) => (fd >= 0 ? [name] : []));
  }

  /** Room to be filled: the same bytes are in it on both sides, as long as both fill it alike. */
  room(length: number): Uint8Array {
    const room = this.#scratch.subarray(this.#used, this.#used + length);
    this.#used += length;
    this.outputs.push(room);
    return room;
  }

  /** An array to be filled, or filled and read. */
  words<Words extends ArrayBufferView>(words: Words): Words {
    this.outputs.push(new Uint8Array(words.buffer));
    return words;
  }

  end(): void {
    for (const { address, length } of this.mappings()) this.kernel.munmap(address, length);
    this.#mappings.clear();
    for (const fd of this.#fds) if (fd >= 0) this.kernel.close(fd);
    this.#fds.length = 0;
  }
}

/**
 * The rows that only one of the kernels runs, and why. A row of the introductory notes is here only
 * if its subject is machine code, a signal's default action or speed. A row whose subject is
 * another really fails there, which the harness proves.
 */

export type KernelName = 'linux' | 'sim';

export interface Difference {
  /** A row that has it among its ids. */
  readonly id: string;
  /** The kernel that does not run it. */
  readonly kernel: KernelName;
  readonly subject: 'machine code' | 'default action' | 'speed' | 'other';
  readonly reason: string;
}

export const DIFFERENCES: readonly Difference[] = [
  {
    id: 'POLL-09',
    kernel: 'sim',
    subject: 'other',
    reason: 'a plain call does not wait, it answers EDEADLK',
  },
  {
    id: 'OFFLOAD-12',
    kernel: 'sim',
    subject: 'machine code',
    reason: 'it looks at the threads of the addon',
  },
  {
    id: 'OFFLOAD-25',
    kernel: 'sim',
    subject: 'machine code',
    reason: 'where the copy lies that the addon makes, as O_DIRECT asks for',
  },
];

/** Why the kernel does not run a row with these ids. */
export function differenceOf(ids: readonly string[], kernel: KernelName): Difference | undefined {
  return DIFFERENCES.find((one) => one.kernel === kernel && ids.includes(one.id));
}

/** What may be said of a mapping's use: only what cannot lose its bytes. */
import * as argument from '../kernel/argument.js';
import * as f from '../kernel/flags.js';

const ADVICE = {
  normal: f.MADV_NORMAL,
  random: f.MADV_RANDOM,
  sequential: f.MADV_SEQUENTIAL,
  willneed: f.MADV_WILLNEED,
  hugepage: f.MADV_HUGEPAGE,
  nohugepage: f.MADV_NOHUGEPAGE,
  dontfork: f.MADV_DONTFORK,
  dofork: f.MADV_DOFORK,
  dontdump: f.MADV_DONTDUMP,
  dodump: f.MADV_DODUMP,
  cold: f.MADV_COLD,
  pageout: f.MADV_PAGEOUT,
} as const;

/** The names of madvise(2), small and without MADV_. */
export type Advice = keyof typeof ADVICE;

/** Throws for what is neither an advice nor an array of them. */
export function checkAdvice(value: unknown, name: string): void {
  if (Array.isArray(value)) argument.listOf(adviceNumber)(value, name);
  else adviceNumber(value, name);
}

/** Throws for what is no advice, and for what would throw bytes away (dontneed, free, remove). */
export function adviceNumber(value: unknown, name: string): number {
  argument.choice(value, name, Object.keys(ADVICE));
  return ADVICE[value as Advice];
}

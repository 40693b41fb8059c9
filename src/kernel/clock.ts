/**
 * Time, turns and chance, as everything from the flows inward sees them:
 * real on Linux, virtual in a test.
 */
export interface Clock {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /**
   * Runs `callback` once after `delayMs`; the answer calls it off. Does not keep the program alive.
   */
  timer(delayMs: number, callback: () => void): () => void;
  /** Resolves in a later turn of the event loop, after what is ready now has had its chance. */
  yield(): Promise<void>;
  /** At least 0 and below 1. */
  random(): number;
}

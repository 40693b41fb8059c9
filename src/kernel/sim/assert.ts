/** Claims about the kernel's own state. This module is browser compatible. */

/** Throws where the claim is false: a mistake of this kernel, never of its caller. */
export function assert(claim: boolean, meaning: string): asserts claim {
  if (!claim) throw new Error(`sluice: the sim kernel is wrong: ${meaning}`);
}

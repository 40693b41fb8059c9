/**
 * Whether this is a 64-bit ARM machine, whose open(2) flags differ. Where nothing tells (a browser)
 * the answer is x86-64's. This module is browser compatible.
 */
const { process } = globalThis as { process?: { arch?: string } };

export const arm64 = process?.arch === 'arm64';

/**
 * Modules of Node that few programs need, loaded when one first does: `import 'sluice'` would pay
 * for them with several milliseconds and megabytes.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const childProcess = (): typeof import('node:child_process') =>
  require('node:child_process');
export const diagnosticsChannel = (): typeof import('node:diagnostics_channel') =>
  require('node:diagnostics_channel');
export const fs = (): typeof import('node:fs') => require('node:fs');
export const net = (): typeof import('node:net') => require('node:net');
export const os = (): typeof import('node:os') => require('node:os');
export const stream = (): typeof import('node:stream') => require('node:stream');

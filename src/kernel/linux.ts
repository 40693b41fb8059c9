/**
 * The kernel that runs this machine: the addon, found beside the package and loaded once a thread. Elsewhere
 * than on Linux importing works, and a call throws ERR_SLUICE_UNSUPPORTED_PLATFORM.
 */
import { createRequire } from 'node:module';
import process from 'node:process';
import { SluiceError } from './error.js';
import type { LinuxKernel } from './kernel.js';

/** From dist/src/kernel to the package's root. */
const PREBUILDS = '../../../prebuilds';

/** SLUICE_ADDON names another build of the addon: the sanitizer runs use it. */
function load(): LinuxKernel {
  const file = process.env.SLUICE_ADDON ?? `${PREBUILDS}/linux-${process.arch}/sluice.node`;
  try {
    return createRequire(import.meta.url)(file);
  } catch (cause) {
    return unsupported(`sluice: no addon for ${process.platform} ${process.arch}`, cause);
  }
}

function unsupported(message: string, cause?: unknown): LinuxKernel {
  const fail = () => {
    throw new SluiceError('ERR_SLUICE_UNSUPPORTED_PLATFORM', message, { cause });
  };
  return new Proxy({} as LinuxKernel, { get: () => fail });
}

export const linux: LinuxKernel =
  process.platform === 'linux'
    ? load()
    : unsupported(`sluice calls Linux, and this is ${process.platform}: use sluice/sim here`);

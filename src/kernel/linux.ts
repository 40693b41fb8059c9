/**
 * The kernel that runs this machine: the addon, found beside the package and loaded once a thread.
 * Elsewhere than on Linux importing works, and a call throws ERR_SLUICE_UNSUPPORTED_PLATFORM.
 */
import { createRequire } from 'node:module';
import { SluiceError } from './error.js';
import type { LinuxKernel } from './linux-kernel.js';

/** From dist/src/kernel to the package's root. */
const PREBUILDS = '../../../prebuilds';

/** SLUICE_ADDON names another build of the addon: the sanitizer runs use it. */
function load(): LinuxKernel {
  const file = process.env.SLUICE_ADDON ?? `${PREBUILDS}/linux-${process.arch}/sluice.node`;
  try {
    const addon: Addon = createRequire(import.meta.url)(file);
    addon.initialize(waitsInThread());
    return addon;
  } catch (cause) {
    return unsupported(`sluice: no addon for ${process.platform} ${process.arch}`, cause);
  }
}

/** What the addon exports beyond the calls. */
interface Addon extends LinuxKernel {
  /**
   * Who waits for `watch`: a thread of sluice's own, or libuv's loop. Once, before the first watch.
   */
  initialize(threaded: boolean): number;
}

/**
 * libuv's loop is there on Node only, and only the runtime's identity tells: Bun exports
 * uv_poll_init too, and panics when it is called. SLUICE_POLLER=thread or =uv is a switch for the
 * tests.
 */
function waitsInThread(): boolean {
  const chosen = process.env.SLUICE_POLLER;
  if (chosen === 'thread' || chosen === 'uv') return chosen === 'thread';
  return process.versions.bun !== undefined || 'Deno' in globalThis;
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

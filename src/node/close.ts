/**
 * Closing the target of a copy that is an object of Node or of the web: when all has arrived, or
 * when it has not.
 */
import { linger0 } from '../flow/finish.js';
import { linuxRuntime as runtime } from './runtime.js';

/** What one of them has; each part may be missing. */
interface Closable {
  readonly fd?: number;
  readonly _handle?: { readonly fd?: number } | null;
  /** A Writable. */
  end?(done: () => void): void;
  once?(event: 'error', listener: (error: Error) => void): void;
  off?(event: 'error', listener: (error: Error) => void): void;
  destroy?(): void;
  /** A FileHandle, or a WritableStream. */
  close?(): Promise<void>;
  abort?(reason: unknown): Promise<void>;
}

/** Resolves when it has taken the end. */
export async function closeObject(target: object): Promise<void> {
  const closable = target as Closable;
  if (closable.end === undefined) return closable.close?.();
  await new Promise<void>((resolve, reject) => {
    closable.once?.('error', reject);
    closable.end?.(() => {
      closable.off?.('error', reject);
      resolve();
    });
  });
}

/**
 * The peer of a connection sees a reset. Nobody hears of trouble: the copy's own error says more.
 */
export function destroyObject(target: object, error: unknown): void {
  const closable = target as Closable;
  const fd = closable._handle?.fd;
  if (typeof fd === 'number' && fd >= 0) linger0(runtime, fd);
  if (closable.destroy !== undefined) closable.destroy();
  else void (closable.abort?.(error) ?? closable.close?.())?.catch(() => {});
}

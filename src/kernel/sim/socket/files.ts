/** Names of sockets in the root directory and in /tmp: all there are. Browser compatible. */
import { EADDRINUSE, ECONNREFUSED, ENOENT } from '../../errno.js';
import type { Process } from '../processes.js';
import type { SocketFiles } from './names.js';
import type { UnixSocket } from './unix.js';

export class FlatFiles implements SocketFiles {
  readonly #sockets = new Map<string, UnixSocket>();

  bind(caller: Process, path: Uint8Array, socket: UnixSocket): number {
    const name = absolute(caller, path);
    if (name === undefined) return -ENOENT;
    if (this.#sockets.has(name)) return -EADDRINUSE;
    this.#sockets.set(name, socket);
    return 0;
  }

  find(caller: Process, path: Uint8Array): UnixSocket | number {
    const socket = this.#sockets.get(absolute(caller, path) ?? '');
    if (socket === undefined) return -ENOENT;
    return socket.isReleased ? -ECONNREFUSED : socket;
  }
}

/** undefined: the directory is not there. */
function absolute({ directory }: Process, path: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(path);
  const name = text.startsWith('/') ? text : `${directory}/${text}`.replace('//', '/');
  return /^(\/tmp)?\/[^/]+$/.test(name) ? name : undefined;
}

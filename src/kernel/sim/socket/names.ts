/**
 * The names of Unix sockets: unix(7). Names of the abstract namespace go with their socket; a path
 * stays when it has gone, and refuses from then on. This module is browser compatible.
 */
import { EADDRINUSE, ECONNREFUSED, EINVAL, EPROTOTYPE } from '../../errno.js';
import { AF_UNIX } from '../../flags.js';
import type { Process } from '../processes.js';
import type { UnixSocket } from './unix.js';

/** Where the names of sockets are that are files: the tree of names. */
export interface SocketFiles {
  /** Makes the file: 0, −EADDRINUSE, or why the path leads nowhere. */
  bind(caller: Process, path: Uint8Array, socket: UnixSocket): number;
  /** The socket of the file; −ECONNREFUSED where it has gone, or why the path leads nowhere. */
  find(caller: Process, path: Uint8Array): UnixSocket | number;
}

/** sizeof(struct sockaddr_un), and where sun_path begins. */
const SOCKADDR_UN_BYTES = 110;
const PATH_OFFSET = 2;

/** sun_path of a sockaddr_un; undefined is −EINVAL. Empty where there is the family alone. */
export function unixPath(address: Uint8Array): Uint8Array | undefined {
  if (address.length < PATH_OFFSET || address.length > SOCKADDR_UN_BYTES) return undefined;
  if (familyOf(address) !== AF_UNIX) return undefined;
  return address.subarray(PATH_OFFSET);
}

export function familyOf(address: Uint8Array): number {
  return (address[0] as number) | ((address[1] as number) << 8);
}

export class UnixNames {
  readonly #abstract = new Map<string, UnixSocket>();
  #chosen = 0;

  constructor(readonly files: SocketFiles) {}

  /** Gives the socket this sun_path, and where it is empty a name of its own. 0 or −errno. */
  bind(caller: Process, path: Uint8Array, socket: UnixSocket): number {
    if (path.length === 0) return this.#choose(socket);
    if (path[0] === 0) return this.#bindAbstract(path, socket);
    const name = untilNul(path);
    const bound = this.files.bind(caller, name, socket);
    if (bound === 0) socket.address = sockaddrOf(Uint8Array.of(...name, 0));
    return bound;
  }

  /** The socket of this name, when it is of the type. */
  find(caller: Process, path: Uint8Array, type: number): UnixSocket | number {
    if (path.length === 0) return -EINVAL;
    if (path[0] === 0) return this.#abstract.get(keyOf(path, type)) ?? -ECONNREFUSED;
    const found = this.files.find(caller, untilNul(path));
    return typeof found === 'object' && found.type !== type ? -EPROTOTYPE : found;
  }

  /** The socket has gone. One that was accepted shows the name of its listener, and has none. */
  release(socket: UnixSocket): void {
    const key = keyOf(socket.name().subarray(PATH_OFFSET), socket.type);
    if (this.#abstract.get(key) === socket) this.#abstract.delete(key);
  }

  #bindAbstract(path: Uint8Array, socket: UnixSocket): number {
    const key = keyOf(path, socket.type);
    if (this.#abstract.has(key)) return -EADDRINUSE;
    this.#abstract.set(key, socket);
    socket.address = sockaddrOf(path);
    return 0;
  }

  /** Five hexadecimal digits that are not taken. */
  #choose(socket: UnixSocket): number {
    if (socket.address !== undefined) return 0;
    for (;;) {
      const digits = (++this.#chosen & 0xfffff).toString(16).padStart(5, '0');
      const path = new TextEncoder().encode(`\0${digits}`);
      if (this.#bindAbstract(path, socket) === 0) return 0;
    }
  }
}

/** Each type has a namespace of its own. */
function keyOf(path: Uint8Array, type: number): string {
  return `${type} ${path.join('.')}`;
}

function untilNul(path: Uint8Array): Uint8Array {
  const end = path.indexOf(0);
  return end < 0 ? path : path.subarray(0, end);
}

function sockaddrOf(path: Uint8Array): Uint8Array {
  return Uint8Array.of(AF_UNIX, 0, ...path);
}

/** The names of Unix sockets in the tree: see unix(7). This module is browser compatible. */
import { EACCES, EADDRINUSE, ECONNREFUSED, ENOENT, ENXIO } from '../../errno.js';
import { S_IFSOCK } from '../../flags.js';
import type { Machine } from '../machine.js';
import type { Process } from '../processes.js';
import type { SocketFiles } from '../socket/names.js';
import type { UnixSocket } from '../socket/unix.js';
import type { FileSystem } from './file-system.js';
import { Inode, MAY_SEARCH, MAY_WRITE, type Opening, type Ownership } from './inode.js';
import { toName, walkFrom } from './walk.js';

/** It outlives its socket, and refuses from then on. */
class SocketFile extends Inode {
  readonly kind = 'socket file';
  readonly type = S_IFSOCK;

  constructor(
    machine: Machine,
    fileSystem: FileSystem,
    ownership: Ownership,
    readonly socket: UnixSocket,
  ) {
    super(machine, fileSystem, ownership);
  }

  override open(): Opening {
    return -ENXIO;
  }
}

export const socketFiles: SocketFiles = {
  bind(caller, path, socket) {
    const found = walkFrom(caller, toName(path), { follows: false });
    if (typeof found === 'number') return found;
    const { object, parent, name } = found;
    if (object !== undefined) return -EADDRINUSE;
    if (parent === undefined || !parent.takesFiles) return -ENOENT;
    if (!parent.permits(caller, MAY_WRITE | MAY_SEARCH)) return -EACCES;
    const { machine } = caller;
    parent.link(name, new SocketFile(machine, parent.fileSystem, ownership(caller), socket));
    return 0;
  },

  find(caller, path) {
    const found = walkFrom(caller, toName(path), { follows: true });
    if (typeof found === 'number') return found;
    const { object } = found;
    if (object === undefined) return -ENOENT;
    if (!(object instanceof Inode) || !object.permits(caller, MAY_WRITE)) return -EACCES;
    const isBound = object instanceof SocketFile && !object.socket.isReleased;
    return isBound ? object.socket : -ECONNREFUSED;
  },
};

function ownership({ uid, gid }: Process): Ownership {
  return { mode: 0o777, uid, gid };
}

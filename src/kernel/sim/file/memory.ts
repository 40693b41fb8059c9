/** memfd_create(2). This module is browser compatible. */
import { EINVAL, EMFILE } from '../../errno.js';
import { F_SEAL_SEAL, MFD_ALLOW_SEALING, MFD_CLOEXEC, O_LARGEFILE, O_RDWR } from '../../flags.js';
import type { FileCalls } from '../../kernel.js';
import type { Call } from '../call.js';
import { int, path } from '../decode.js';
import { Description } from '../description.js';
import { type Rows, row } from '../row.js';
import { RegularFile } from './regular.js';
import { toName } from './walk.js';

export const memoryRows: Rows<Pick<FileCalls, 'memfd_create'>> = {
  memfd_create: row([path, int], memfdCreate),
};

/** MFD_NAME_MAX_LEN: NAME_MAX without 'memfd:'. */
const LONGEST = 249;
const MFD_NOEXEC_SEAL = 8;
const MFD_EXEC = 0x10;
const F_SEAL_EXEC = 0x20;
const KNOWN_FLAGS = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC;

/** Huge pages are not known: as on a machine that has none, their flags are EINVAL. */
function memfdCreate({ caller }: Call, name: Uint8Array, flags: number): number {
  const has = (flag: number) => (flags & flag) !== 0;
  if ((flags & ~KNOWN_FLAGS) !== 0 || (has(MFD_EXEC) && has(MFD_NOEXEC_SEAL))) return -EINVAL;
  if (name.length > LONGEST) return -EINVAL;
  const { machine, table, descriptorLimit, uid, gid } = caller;
  if (!table.hasRoom(1, descriptorLimit)) return -EMFILE;
  const { memory } = machine.tree;
  const mode = has(MFD_NOEXEC_SEAL) ? 0o666 : 0o777;
  const seals = has(MFD_NOEXEC_SEAL) ? F_SEAL_EXEC : has(MFD_ALLOW_SEALING) ? 0 : F_SEAL_SEAL;
  const inode = new RegularFile(machine, memory, { mode, uid, gid }, seals);
  const file = new Description(inode, O_RDWR | O_LARGEFILE);
  file.mayBeDirect = false;
  inode.unlinked(`/memfd:${toName(name)}`);
  return table.open(file, has(MFD_CLOEXEC), descriptorLimit);
}

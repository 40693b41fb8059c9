/**
 * fcntl(2) and ioctl(2): each command at the description, the object or the table it acts on. This
 * module is browser compatible.
 */
import { EBADF, EINVAL, ENOTTY, EPERM } from '../../errno.js';
import * as f from '../../flags.js';
import type { IoCalls } from '../../kernel.js';
import type { Call, Outcome } from '../call.js';
import { fd, int, ints, type Kind, Refusal, words } from '../decode.js';
import type { Description } from '../description.js';
import { getLock, setLock, setLockWaiting } from '../lock.js';
import { type Rows, row } from '../row.js';
import { duplicateFrom } from './duplicate.js';
import { getOwner, setOwner, setOwnerOfType, setSignal } from './owner.js';

export const controlRows: Rows<Pick<IoCalls, 'fcntl' | 'ioctl'>> = {
  fcntl: row([fd, int, order], fcntl),
  ioctl: row([fd, int, ints(1)], ioctl),
};

/** A command: what it is given beside the description, and whether it knows O_PATH. */
interface Command {
  readonly kind: Kind<unknown>;
  readonly takesPath: boolean;
  readonly run: (file: Description, value: never, call: Call, fd: number) => Outcome;
}

function command<T>(
  kind: Kind<T>,
  run: (file: Description, value: T, call: Call, fd: number) => Outcome,
  takesPath = false,
): Command {
  return { kind, takesPath, run };
}

/** A struct flock as words: the first two are shorts, the last is an int. */
const lock: Kind<BigInt64Array> = (value) => {
  const fields = words(5)(value);
  if (fields instanceof Refusal) return fields;
  const [type = 0n, whence = 0n, , , pid = 0n] = fields;
  const fits = isInt(type, 16) && isInt(whence, 16) && isInt(pid, 32);
  return fits ? fields : new Refusal(EINVAL);
};

function isInt(word: bigint, bits: number): boolean {
  return word === BigInt.asIntN(bits, word);
}

/** The value is not looked at. */
const none: Kind<undefined> = () => undefined;

const COMMANDS = new Map<number, Command>([
  [f.F_DUPFD, command(int, (_, from, { caller }, fd) => duplicateFrom(caller, fd, from), true)],
  [
    f.F_DUPFD_CLOEXEC,
    command(int, (_, from, { caller }, fd) => duplicateFrom(caller, fd, from, true), true),
  ],
  [f.F_GETFD, command(none, getDescriptorFlags, true)],
  [f.F_SETFD, command(int, setDescriptorFlags, true)],
  [f.F_GETFL, command(none, (file) => file.flags, true)],
  [f.F_SETFL, command(int, setStatusFlags)],
  [f.F_SETOWN, command(int, setOwner)],
  [f.F_SETOWN_EX, command(ints(2), setOwnerOfType)],
  [f.F_GETOWN_EX, command(ints(2), getOwner)],
  [f.F_SETSIG, command(int, setSignal)],
  [f.F_GETSIG, command(none, (file) => file.signal)],
  [f.F_OFD_SETLK, command(lock, setLock)],
  [f.F_OFD_SETLKW, command(lock, setLockWaiting)],
  [f.F_OFD_GETLK, command(lock, getLock)],
  [f.F_GETPIPE_SZ, command(none, ({ object }) => object.capacity())],
  [f.F_SETPIPE_SZ, command(int, ({ object }, bytes, call) => object.setCapacity(bytes, call))],
  [f.F_GET_SEALS, command(none, ({ object }) => object.seals())],
  [
    f.F_ADD_SEALS,
    command(int, (file, seals) => (file.isWritable ? file.object.addSeals(seals) : -EPERM)),
  ],
]);

/** A command with its argument: what the last parameter must be depends on the one before it. */
interface Order {
  readonly command: Command;
  readonly value: unknown;
}

function order(argument: unknown, [, number]: readonly unknown[] = []): Order | Refusal {
  const command = COMMANDS.get(number as number);
  if (command === undefined) return new Refusal(EINVAL);
  const value = command.kind(argument);
  return value instanceof Refusal ? value : { command, value };
}

function fcntl(call: Call, fd: number, _number: number, { command, value }: Order): Outcome {
  const file = command.takesPath ? call.description(fd) : call.file(fd);
  return file === undefined ? -EBADF : command.run(file, value as never, call, fd);
}

function getDescriptorFlags(
  _file: Description,
  _value: undefined,
  { caller }: Call,
  fd: number,
): number {
  return caller.table.isCloseOnExec(fd) ? f.FD_CLOEXEC : 0;
}

function setDescriptorFlags(
  _file: Description,
  flags: number,
  { caller }: Call,
  fd: number,
): number {
  caller.table.setCloseOnExec(fd, (flags & f.FD_CLOEXEC) !== 0);
  return 0;
}

const SETTABLE = f.O_APPEND | f.O_NONBLOCK | f.O_DIRECT | f.O_NOATIME;

function setStatusFlags(file: Description, flags: number, _call: Call, fd: number): number {
  const { object } = file;
  const clearsAppend = (file.flags & ~flags & f.O_APPEND) !== 0;
  if (clearsAppend && object.mustAppend) return -EPERM;
  if ((flags & f.O_DIRECT) !== 0 && !(object.supportsDirect && file.mayBeDirect)) return -EINVAL;
  const isAsync = (flags & f.O_ASYNC) !== 0;
  if (isAsync !== ((file.flags & f.O_ASYNC) !== 0)) {
    file.asyncFd = fd;
    object.setAsync(file, isAsync);
  }
  file.flags = (file.flags & ~SETTABLE) | (flags & SETTABLE);
  return 0;
}

function ioctl(call: Call, fd: number, request: number, argument: Int32Array): number {
  if (request !== f.FIONREAD && request !== f.FIONBIO) return -ENOTTY;
  const file = call.file(fd);
  if (file === undefined) return -EBADF;
  if (request === f.FIONBIO) {
    file.setFlags(f.O_NONBLOCK, argument[0] !== 0);
    return 0;
  }
  return file.object.countUnread(file, argument);
}

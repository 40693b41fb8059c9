/**
 * The errors of Linux by name, with the words strerror(3) has for them. Numbers are those of x86-64
 * and arm64, which agree. This module is browser compatible.
 */

const entries = new Map<number, { name: string; message: string }>();

function errno(number: number, name: string, message: string): number {
  entries.set(number, { name, message });
  return number;
}

/**
 * The C name of an errno: 11 → 'EAGAIN'. A number that Linux may add later is 'E' and the number.
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { EAGAIN, errnoMessage, errnoName } from 'sluice/sim';
 *
 * equal(errnoName(EAGAIN), 'EAGAIN');
 * equal(errnoMessage(EAGAIN), 'resource temporarily unavailable');
 * ```
 */
export function errnoName(number: number): string {
  return entries.get(number)?.name ?? `E${number}`;
}

/** What the errno means, in the words of strerror(3), lower case as Node has it. */
export function errnoMessage(number: number): string {
  return entries.get(number)?.message ?? `unknown error ${number}`;
}

export const EPERM = errno(1, 'EPERM', 'operation not permitted');
export const ENOENT = errno(2, 'ENOENT', 'no such file or directory');
export const ESRCH = errno(3, 'ESRCH', 'no such process');
export const EINTR = errno(4, 'EINTR', 'interrupted system call');
export const EIO = errno(5, 'EIO', 'input/output error');
export const ENXIO = errno(6, 'ENXIO', 'no such device or address');
export const E2BIG = errno(7, 'E2BIG', 'argument list too long');
export const ENOEXEC = errno(8, 'ENOEXEC', 'exec format error');
export const EBADF = errno(9, 'EBADF', 'bad file descriptor');
export const ECHILD = errno(10, 'ECHILD', 'no child processes');
export const EAGAIN = errno(11, 'EAGAIN', 'resource temporarily unavailable');
export const ENOMEM = errno(12, 'ENOMEM', 'cannot allocate memory');
export const EACCES = errno(13, 'EACCES', 'permission denied');
export const EFAULT = errno(14, 'EFAULT', 'bad address');
export const ENOTBLK = errno(15, 'ENOTBLK', 'block device required');
export const EBUSY = errno(16, 'EBUSY', 'device or resource busy');
export const EEXIST = errno(17, 'EEXIST', 'file exists');
export const EXDEV = errno(18, 'EXDEV', 'invalid cross-device link');
export const ENODEV = errno(19, 'ENODEV', 'no such device');
export const ENOTDIR = errno(20, 'ENOTDIR', 'not a directory');
export const EISDIR = errno(21, 'EISDIR', 'is a directory');
export const EINVAL = errno(22, 'EINVAL', 'invalid argument');
export const ENFILE = errno(23, 'ENFILE', 'too many open files in system');
export const EMFILE = errno(24, 'EMFILE', 'too many open files');
export const ENOTTY = errno(25, 'ENOTTY', 'inappropriate ioctl for device');
export const ETXTBSY = errno(26, 'ETXTBSY', 'text file busy');
export const EFBIG = errno(27, 'EFBIG', 'file too large');
export const ENOSPC = errno(28, 'ENOSPC', 'no space left on device');
export const ESPIPE = errno(29, 'ESPIPE', 'illegal seek');
export const EROFS = errno(30, 'EROFS', 'read-only file system');
export const EMLINK = errno(31, 'EMLINK', 'too many links');
export const EPIPE = errno(32, 'EPIPE', 'broken pipe');
export const EDOM = errno(33, 'EDOM', 'numerical argument out of domain');
export const ERANGE = errno(34, 'ERANGE', 'numerical result out of range');
export const EDEADLK = errno(35, 'EDEADLK', 'resource deadlock avoided');
export const ENAMETOOLONG = errno(36, 'ENAMETOOLONG', 'file name too long');
export const ENOLCK = errno(37, 'ENOLCK', 'no locks available');
export const ENOSYS = errno(38, 'ENOSYS', 'function not implemented');
export const ENOTEMPTY = errno(39, 'ENOTEMPTY', 'directory not empty');
export const ELOOP = errno(40, 'ELOOP', 'too many levels of symbolic links');
export const ENOMSG = errno(42, 'ENOMSG', 'no message of desired type');
export const EIDRM = errno(43, 'EIDRM', 'identifier removed');
export const ECHRNG = errno(44, 'ECHRNG', 'channel number out of range');
export const EL2NSYNC = errno(45, 'EL2NSYNC', 'Level 2 not synchronized');
export const EL3HLT = errno(46, 'EL3HLT', 'Level 3 halted');
export const EL3RST = errno(47, 'EL3RST', 'Level 3 reset');
export const ELNRNG = errno(48, 'ELNRNG', 'link number out of range');
export const EUNATCH = errno(49, 'EUNATCH', 'protocol driver not attached');
export const ENOCSI = errno(50, 'ENOCSI', 'no CSI structure available');
export const EL2HLT = errno(51, 'EL2HLT', 'Level 2 halted');
export const EBADE = errno(52, 'EBADE', 'invalid exchange');
export const EBADR = errno(53, 'EBADR', 'invalid request descriptor');
export const EXFULL = errno(54, 'EXFULL', 'exchange full');
export const ENOANO = errno(55, 'ENOANO', 'no anode');
export const EBADRQC = errno(56, 'EBADRQC', 'invalid request code');
export const EBADSLT = errno(57, 'EBADSLT', 'invalid slot');
export const EBFONT = errno(59, 'EBFONT', 'bad font file format');
export const ENOSTR = errno(60, 'ENOSTR', 'device not a stream');
export const ENODATA = errno(61, 'ENODATA', 'no data available');
export const ETIME = errno(62, 'ETIME', 'timer expired');
export const ENOSR = errno(63, 'ENOSR', 'out of streams resources');
export const ENONET = errno(64, 'ENONET', 'machine is not on the network');
export const ENOPKG = errno(65, 'ENOPKG', 'package not installed');
export const EREMOTE = errno(66, 'EREMOTE', 'object is remote');
export const ENOLINK = errno(67, 'ENOLINK', 'link has been severed');
export const EADV = errno(68, 'EADV', 'advertise error');
export const ESRMNT = errno(69, 'ESRMNT', 'Srmount error');
export const ECOMM = errno(70, 'ECOMM', 'communication error on send');
export const EPROTO = errno(71, 'EPROTO', 'protocol error');
export const EMULTIHOP = errno(72, 'EMULTIHOP', 'multihop attempted');
export const EDOTDOT = errno(73, 'EDOTDOT', 'RFS specific error');
export const EBADMSG = errno(74, 'EBADMSG', 'bad message');
export const EOVERFLOW = errno(75, 'EOVERFLOW', 'value too large for defined data type');
export const ENOTUNIQ = errno(76, 'ENOTUNIQ', 'name not unique on network');
export const EBADFD = errno(77, 'EBADFD', 'file descriptor in bad state');
export const EREMCHG = errno(78, 'EREMCHG', 'remote address changed');
export const ELIBACC = errno(79, 'ELIBACC', 'can not access a needed shared library');
export const ELIBBAD = errno(80, 'ELIBBAD', 'accessing a corrupted shared library');
export const ELIBSCN = errno(81, 'ELIBSCN', '.lib section in a.out corrupted');
export const ELIBMAX = errno(82, 'ELIBMAX', 'attempting to link in too many shared libraries');
export const ELIBEXEC = errno(83, 'ELIBEXEC', 'cannot exec a shared library directly');
export const EILSEQ = errno(84, 'EILSEQ', 'invalid or incomplete multibyte or wide character');
export const ERESTART = errno(85, 'ERESTART', 'interrupted system call should be restarted');
export const ESTRPIPE = errno(86, 'ESTRPIPE', 'streams pipe error');
export const EUSERS = errno(87, 'EUSERS', 'too many users');
export const ENOTSOCK = errno(88, 'ENOTSOCK', 'socket operation on non-socket');
export const EDESTADDRREQ = errno(89, 'EDESTADDRREQ', 'destination address required');
export const EMSGSIZE = errno(90, 'EMSGSIZE', 'message too long');
export const EPROTOTYPE = errno(91, 'EPROTOTYPE', 'protocol wrong type for socket');
export const ENOPROTOOPT = errno(92, 'ENOPROTOOPT', 'protocol not available');
export const EPROTONOSUPPORT = errno(93, 'EPROTONOSUPPORT', 'protocol not supported');
export const ESOCKTNOSUPPORT = errno(94, 'ESOCKTNOSUPPORT', 'socket type not supported');
export const EOPNOTSUPP = errno(95, 'EOPNOTSUPP', 'operation not supported');
export const EPFNOSUPPORT = errno(96, 'EPFNOSUPPORT', 'protocol family not supported');
export const EAFNOSUPPORT = errno(97, 'EAFNOSUPPORT', 'address family not supported by protocol');
export const EADDRINUSE = errno(98, 'EADDRINUSE', 'address already in use');
export const EADDRNOTAVAIL = errno(99, 'EADDRNOTAVAIL', 'cannot assign requested address');
export const ENETDOWN = errno(100, 'ENETDOWN', 'network is down');
export const ENETUNREACH = errno(101, 'ENETUNREACH', 'network is unreachable');
export const ENETRESET = errno(102, 'ENETRESET', 'network dropped connection on reset');
export const ECONNABORTED = errno(103, 'ECONNABORTED', 'software caused connection abort');
export const ECONNRESET = errno(104, 'ECONNRESET', 'connection reset by peer');
export const ENOBUFS = errno(105, 'ENOBUFS', 'no buffer space available');
export const EISCONN = errno(106, 'EISCONN', 'transport endpoint is already connected');
export const ENOTCONN = errno(107, 'ENOTCONN', 'transport endpoint is not connected');
export const ESHUTDOWN = errno(108, 'ESHUTDOWN', 'cannot send after transport endpoint shutdown');
export const ETOOMANYREFS = errno(109, 'ETOOMANYREFS', 'too many references: cannot splice');
export const ETIMEDOUT = errno(110, 'ETIMEDOUT', 'connection timed out');
export const ECONNREFUSED = errno(111, 'ECONNREFUSED', 'connection refused');
export const EHOSTDOWN = errno(112, 'EHOSTDOWN', 'host is down');
export const EHOSTUNREACH = errno(113, 'EHOSTUNREACH', 'no route to host');
export const EALREADY = errno(114, 'EALREADY', 'operation already in progress');
export const EINPROGRESS = errno(115, 'EINPROGRESS', 'operation now in progress');
export const ESTALE = errno(116, 'ESTALE', 'stale file handle');
export const EUCLEAN = errno(117, 'EUCLEAN', 'structure needs cleaning');
export const ENOTNAM = errno(118, 'ENOTNAM', 'not a XENIX named type file');
export const ENAVAIL = errno(119, 'ENAVAIL', 'no XENIX semaphores available');
export const EISNAM = errno(120, 'EISNAM', 'is a named type file');
export const EREMOTEIO = errno(121, 'EREMOTEIO', 'remote I/O error');
export const EDQUOT = errno(122, 'EDQUOT', 'disk quota exceeded');
export const ENOMEDIUM = errno(123, 'ENOMEDIUM', 'no medium found');
export const EMEDIUMTYPE = errno(124, 'EMEDIUMTYPE', 'wrong medium type');
export const ECANCELED = errno(125, 'ECANCELED', 'operation canceled');
export const ENOKEY = errno(126, 'ENOKEY', 'required key not available');
export const EKEYEXPIRED = errno(127, 'EKEYEXPIRED', 'key has expired');
export const EKEYREVOKED = errno(128, 'EKEYREVOKED', 'key has been revoked');
export const EKEYREJECTED = errno(129, 'EKEYREJECTED', 'key was rejected by service');
export const EOWNERDEAD = errno(130, 'EOWNERDEAD', 'owner died');
export const ENOTRECOVERABLE = errno(131, 'ENOTRECOVERABLE', 'state not recoverable');
export const ERFKILL = errno(132, 'ERFKILL', 'operation not possible due to RF-kill');
export const EHWPOISON = errno(133, 'EHWPOISON', 'memory page has hardware error');
/** The same number as EAGAIN on Linux. */
export const EWOULDBLOCK = EAGAIN;
/** The same number as EDEADLK on Linux. */
export const EDEADLOCK = EDEADLK;
/** The same number as EOPNOTSUPP on Linux. */
export const ENOTSUP = EOPNOTSUPP;

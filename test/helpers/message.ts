/** The struct msghdr of sendmsg(2) and recvmsg(2), made in the memory of the helper process. */
import { SOL_SOCKET } from '../../src/kernel/flags.js';

const SCM_RIGHTS = 1;
/** sizeof(struct cmsghdr), sizeof(struct msghdr) */
const CONTROL_BYTES = 16;
const HEADER_BYTES = 56;

interface PlacedMessage {
  readonly address: number;
  /** Fills [how many descriptors, msg_flags], and their numbers. */
  readBack(
    peek: (address: number, length: number) => Promise<Uint8Array>,
    report: Int32Array,
  ): Promise<void>;
}

/**
 * @param blob puts bytes into that memory; answers their address
 * @param iovec its address and how many pieces it has
 * @param fds the descriptors, or room for as many
 */
export async function placeMessage(
  blob: (bytes: Uint8Array) => Promise<number>,
  iovec: readonly (number | bigint)[],
  fds: Int32Array | null,
): Promise<PlacedMessage> {
  const control = controlOf(fds);
  const room = await blob(control);
  const words = [0, 0, ...iovec, fds === null ? 0 : room, control.length, 0].map(BigInt);
  const address = await blob(new Uint8Array(new BigUint64Array(words).buffer));
  return {
    address,
    readBack: async (peek, report) => {
      const header = new BigUint64Array(new Uint8Array(await peek(address, HEADER_BYTES)).buffer);
      const came = new Uint8Array(await peek(room, control.length)).buffer;
      const length = header[5] === 0n ? CONTROL_BYTES : Number(new BigUint64Array(came, 0, 1)[0]);
      const numbers = new Int32Array(came.slice(CONTROL_BYTES, length));
      fds?.set(numbers);
      report.set([numbers.length, Number(header[6])]);
    },
  };
}

function controlOf(fds: Int32Array | null): Uint8Array {
  if (fds === null) return new Uint8Array(0);
  const bytes = new Uint8Array(CONTROL_BYTES + fds.byteLength);
  new BigUint64Array(bytes.buffer, 0, 1)[0] = BigInt(bytes.length);
  new Int32Array(bytes.buffer, 8).set([SOL_SOCKET, SCM_RIGHTS, ...fds]);
  return bytes;
}

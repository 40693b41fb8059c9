/**
 * The messages of bench/ring.ts: windows of one long text whose words of eight letters are all
 * different. Neighbours differ in every word, so that one that is lost, doubled, torn or changed is
 * seen; and as text it costs JSON nothing to escape.
 */
const WORD = 8;
const WORDS = 1 << 15;
/** Odd, and of no other order than chance. */
const STRIDE = 4099;

const TEXT = Array.from({ length: WORDS }, (_, word) => word.toString(36).padStart(WORD, '.')).join(
  '',
);
const BYTES = Buffer.from(TEXT, 'latin1');

function placeOf(index: number, size: number): number {
  return WORD * ((index * STRIDE) % (WORDS - Math.ceil(size / WORD)));
}

export function bytesOf(index: number, size: number): Uint8Array {
  const at = placeOf(index, size);
  return BYTES.subarray(at, at + size);
}

export function textOf(index: number, size: number): string {
  const at = placeOf(index, size);
  return TEXT.slice(at, at + size);
}

/** Ends the program where a byte is another than was sent. */
export function checkBytes(message: Uint8Array, index: number, size: number): void {
  if (Buffer.compare(message, bytesOf(index, size)) !== 0) refuse(index);
}

export function checkText(message: string, index: number, size: number): void {
  if (message !== textOf(index, size)) refuse(index);
}

function refuse(index: number): never {
  throw new Error(`message ${index} is not what was sent`);
}

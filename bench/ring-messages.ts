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

/** So many are made before the time begins; then they come again. */
const WINDOWS = 4093;

/** Every message of this size, by its index. */
export interface Messages {
  bytes(index: number): Uint8Array;
  text(index: number): string;
}

export function messagesOf(size: number): Messages {
  const places = WORDS - Math.ceil(size / WORD);
  const at = (index: number) => WORD * ((index * STRIDE) % places);
  const windows = Array.from({ length: WINDOWS }, (_, index) => index);
  const bytes = windows.map((index) => BYTES.subarray(at(index), at(index) + size));
  const texts = windows.map((index) => TEXT.slice(at(index), at(index) + size));
  return {
    bytes: (index) => bytes[index % WINDOWS] as Uint8Array,
    text: (index) => texts[index % WINDOWS] as string,
  };
}

/** Ends the program where a byte is another than was sent. */
export function check(actual: Uint8Array | string, expected: Uint8Array | string): void {
  const same =
    typeof actual === 'string' || typeof expected === 'string'
      ? actual === expected
      : Buffer.compare(actual, expected) === 0;
  if (!same) throw new Error('a message is not what was sent');
}

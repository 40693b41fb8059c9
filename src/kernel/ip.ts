/**
 * IPv4 and IPv6 addresses as text and as bytes, strictly: what inet_pton(3) takes, and what
 * inet_ntop(3) prints. This module is browser compatible.
 */

/**
 * The 4 bytes of '127.0.0.1'. Undefined unless it is four decimal numbers below
 * 256 without leading zeros.
 */
export function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every(isDecimalByte)) return undefined;
  return Uint8Array.from(parts, Number);
}

/** The text of 4 bytes. */
export function formatIpv4(bytes: Uint8Array): string {
  return bytes.join('.');
}

/**
 * The 16 bytes of '::1', '2001:db8::ff' or '::ffff:127.0.0.1';
 * undefined for anything else, a zone included.
 */
export function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves as [string, string?];
  const front = parseGroups(head, tail === undefined);
  const back = tail === undefined ? [] : parseGroups(tail, true);
  if (front === undefined || back === undefined) return undefined;
  const missing = IPV6_GROUPS - front.length - back.length;
  // '::' stands for at least one group of zeros, and nothing else may leave one out.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return toBytes([...front, ...Array<number>(missing).fill(0), ...back]);
}

/** The shortest text of 16 bytes, as RFC 5952 has it. */
export function formatIpv6(bytes: Uint8Array): string {
  if (isMappedIpv4(bytes)) return `::ffff:${formatIpv4(bytes.subarray(12))}`;
  const groups = toGroups(bytes);
  const { start, length } = longestZeros(groups);
  const hexadecimal = groups.map((group) => group.toString(16));
  if (length < 2) return hexadecimal.join(':');
  const head = hexadecimal.slice(0, start).join(':');
  return `${head}::${hexadecimal.slice(start + length).join(':')}`;
}

const IPV6_GROUPS = 8;

function isDecimalByte(text: string): boolean {
  return /^(0|[1-9][0-9]{0,2})$/.test(text) && Number(text) <= 255;
}

/** Groups of 16 bits between colons; where `last` holds, the final two may be an IPv4 address. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    const ipv4 = last && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(...toGroups(ipv4));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function toGroups(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 2 }, (_, index) => view.getUint16(2 * index));
}

function toBytes(groups: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * groups.length);
  const view = new DataView(bytes.buffer);
  for (const [index, group] of groups.entries()) view.setUint16(2 * index, group);
  return bytes;
}

/** ::ffff:0:0/96, the one prefix whose addresses RFC 5952 section 5 writes with dots. */
function isMappedIpv4(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 12).join() === '0,0,0,0,0,0,0,0,0,0,255,255';
}

/** The longest run of zero groups, the first of equals. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}

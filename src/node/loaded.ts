/** What Node has loaded on this thread: not the program alone asks for it, fetch does too. */

const HOLDER = 'Internal Binding http2';

let looked = 0;
let found = false;

/**
 * Whether `node:http2` may be in use, which keeps the addresses of what is to be written while it
 * waits for its peer, and has no request under way. The list only grows, so looking is cheap.
 */
export function mayHoldAddresses(): boolean {
  const { moduleLoadList = [] } = process as { readonly moduleLoadList?: readonly string[] };
  if (moduleLoadList.length !== looked) {
    looked = moduleLoadList.length;
    found = moduleLoadList.includes(HOLDER);
  }
  return found;
}

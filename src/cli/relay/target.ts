/**
 * Where the connections of a relay go: its addresses by name, kept for a while, each tried in turn.
 */
import type { Runtime } from '../../fd/runtime.js';
import { encodeAddress, type SocketAddress } from '../../kernel/address.js';
import { type Address, resolve } from '../connect.js';

/** An address as it is and as connect(2) takes it. */
export interface Place {
  readonly address: SocketAddress;
  readonly bytes: Uint8Array;
}

export class Target {
  readonly endpoint: Address;
  readonly #runtime: Runtime;
  readonly #keptMs: number;
  #places: readonly Place[] = [];
  #expires = Number.NEGATIVE_INFINITY;
  #asking: Promise<readonly Place[]> | undefined = undefined;

  constructor(runtime: Runtime, endpoint: Address, keptMs: number) {
    this.#runtime = runtime;
    this.endpoint = endpoint;
    this.#keptMs = keptMs;
  }

  /** The addresses, at once where they are known. Rejects where the name cannot be found. */
  places(): readonly Place[] | Promise<readonly Place[]> {
    if (this.#runtime.clock.now() < this.#expires) return this.#places;
    this.#asking ??= this.#ask();
    return this.#asking;
  }

  /** One question for all who wait. */
  async #ask(): Promise<readonly Place[]> {
    try {
      const addresses = await resolve(this.endpoint);
      this.#places = addresses.map((address) => ({ address, bytes: encodeAddress(address) }));
      this.#expires = this.#runtime.clock.now() + this.#keptMs;
      return this.#places;
    } finally {
      this.#asking = undefined;
    }
  }
}

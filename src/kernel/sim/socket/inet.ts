/**
 * Sockets of AF_INET and AF_INET6 on a machine that has its loopback interface and no other: their
 * addresses. This module is browser compatible.
 */

import { decodeAddress, encodeAddress } from '../../address.js';
import * as e from '../../errno.js';
import * as f from '../../flags.js';
import type { Call } from '../call.js';
import type { Page } from '../page.js';
import type { Process } from '../processes.js';
import type { SocketState } from '../states.js';
import { familyOf } from './names.js';
import { Socket } from './socket.js';

/** An address as text, of IPv4 also where IPv6 sees it mapped ('127.0.0.1', '::1'), and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const LEAST_BYTES: Readonly<Record<number, number>> = { [f.AF_INET]: 16, [f.AF_INET6]: 24 };
const FULL_BYTES = 28;
const MAPPED = '::ffff:';

export abstract class InetSocket extends Socket {
  abstract readonly transport: 'tcp' | 'udp';
  local: Endpoint;
  remote: Endpoint | undefined;
  /** The port of `local` is its own; otherwise it only shows what it was. */
  hasPort = false;
  /** bind(2) chose the address, or the port: connect(2) to nobody does not undo that. */
  isAddressBound = false;
  isPortBound = false;

  constructor(caller: Process, domain: number, type: number, protocol: number) {
    super(caller, domain, type, protocol);
    this.local = { address: this.any, port: 0 };
  }

  get any(): string {
    return this.domain === f.AF_INET ? '0.0.0.0' : '::';
  }

  override bind(address: Uint8Array, _call: Call): number {
    const endpoint = this.#endpointOf(address);
    if (typeof endpoint === 'number') return endpoint;
    if (!isHere(endpoint.address)) return -e.EADDRNOTAVAIL;
    if (this.isUsed || this.hasPort) return -e.EINVAL;
    this.local = { address: endpoint.address, port: 0 };
    const claimed = this.machine.ports.claim(this, endpoint.port);
    if (claimed < 0) {
      this.local = { address: this.any, port: 0 };
      return claimed;
    }
    this.isAddressBound = endpoint.address !== this.any;
    this.isPortBound = endpoint.port !== 0;
    return 0;
  }

  /** Connected, listening or on its way to it. */
  protected abstract get isUsed(): boolean;

  /** A port, where it has none yet. */
  protected claimPort(): number {
    return this.hasPort ? 0 : this.machine.ports.claim(this, 0);
  }

  /** connect(2): a route to the address, and a port. Answers 0 or −errno. */
  protected aim(bytes: Uint8Array): number {
    const endpoint = this.#endpointOf(bytes);
    if (typeof endpoint === 'number') return endpoint;
    const route = this.#route(endpoint);
    if (typeof route === 'number') return route;
    const claimed = this.claimPort();
    if (claimed < 0) return claimed;
    this.local = { address: route.from, port: this.local.port };
    this.remote = route.to;
    return 0;
  }

  /** The address that packets to this one come from, and where they go; −ENETUNREACH. */
  #route(to: Endpoint): { from: string; to: Endpoint } | number {
    const address = to.address === '0.0.0.0' ? '127.0.0.1' : to.address;
    const target = { address: address === '::' ? '::1' : address, port: to.port };
    if (!isHere(target.address)) return -e.ENETUNREACH;
    const source = target.address.includes(':') ? '::1' : '127.0.0.1';
    return { from: this.local.address === this.any ? source : this.local.address, to: target };
  }

  /** connect(2) to AF_UNSPEC: what bind(2) did not choose is given back. */
  protected forget(): void {
    this.remote = undefined;
    if (!this.isAddressBound) this.local = { ...this.local, address: this.any };
    if (!this.isPortBound) this.machine.ports.release(this);
  }

  override name(): Uint8Array {
    return this.sockaddrOf(this.local);
  }

  /** As this socket's family writes it: IPv6 sees IPv4 mapped. */
  protected sockaddrOf({ address, port }: Endpoint): Uint8Array {
    if (this.domain === f.AF_INET) return encodeAddress({ family: 'inet', address, port });
    const text = address.includes(':') ? address : `${MAPPED}${address}`;
    return encodeAddress({ family: 'inet6', address: text, port });
  }

  /** A sockaddr of this socket's family; −EINVAL, −EAFNOSUPPORT. */
  #endpointOf(bytes: Uint8Array): Endpoint | number {
    if (bytes.length < (LEAST_BYTES[this.domain] as number)) return -e.EINVAL;
    if (familyOf(bytes) !== this.domain) return -e.EAFNOSUPPORT;
    const full = new Uint8Array(FULL_BYTES);
    full.set(bytes.subarray(0, FULL_BYTES));
    const decoded = decodeAddress(full, FULL_BYTES);
    if (decoded.family !== 'inet' && decoded.family !== 'inet6') return -e.EAFNOSUPPORT;
    const { address, port } = decoded;
    return { address: address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address, port };
  }

  override inspect(placeOf: (page: Page) => number): SocketState {
    const text = ({ address, port }: Endpoint) => `${address} ${port}`;
    const remote = this.remote === undefined ? null : text(this.remote);
    return { ...super.inspect(placeOf), local: text(this.local), remote };
  }
}

/** All of 127.0.0.0/8, ::1, and what stands for any. */
function isHere(address: string): boolean {
  return address.startsWith('127.') || ['0.0.0.0', '::1', '::'].includes(address);
}

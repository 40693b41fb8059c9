/**
 * The ports of TCP and UDP on this machine: who has which, who listens, what is free. This module
 * is browser compatible.
 */
import { EACCES, EADDRINUSE, EADDRNOTAVAIL } from '../../errno.js';
import { AF_INET6 } from '../../flags.js';
import type { InetSocket } from './inet.js';

/** net.ipv4.ip_local_port_range, and ip_unprivileged_port_start. */
const FIRST_PORT = 32768;
const LAST_PORT = 60999;
const FIRST_UNPRIVILEGED = 1024;

export class Ports {
  readonly #owners = new Map<string, Set<InetSocket>>();
  readonly #listeners = new Map<number, Set<InetSocket>>();
  #next = FIRST_PORT;

  /** Gives the socket this port at its address, 0: one that is free. Answers 0 or −errno. */
  claim(socket: InetSocket, port: number): number {
    if (port === 0) return this.#choose(socket);
    if (port < FIRST_UNPRIVILEGED && socket.credentials.uid !== 0) return -EACCES;
    if (this.#isTaken(socket, port)) return -EADDRINUSE;
    this.add(socket, port);
    return 0;
  }

  /** The socket has this port too, whoever else has it: an accepted connection. */
  add(socket: InetSocket, port: number): void {
    socket.local = { ...socket.local, port };
    socket.hasPort = true;
    const key = keyOf(socket, port);
    const owners = this.#owners.get(key);
    if (owners === undefined) this.#owners.set(key, new Set([socket]));
    else owners.add(socket);
  }

  /** The socket has no port any more, but goes on to show the number. */
  release(socket: InetSocket): void {
    if (!socket.hasPort) return;
    socket.hasPort = false;
    const key = keyOf(socket, socket.local.port);
    const owners = this.#owners.get(key);
    owners?.delete(socket);
    if (owners?.size === 0) this.#owners.delete(key);
  }

  /** Whether the socket, which has a port already, may listen there. */
  mayListen(socket: InetSocket): boolean {
    const listeners = this.#listeners.get(socket.local.port) ?? [];
    return ![...listeners].some((other) => other !== socket && conflict(socket, other, false));
  }

  listen(socket: InetSocket): void {
    const { port } = socket.local;
    const listeners = this.#listeners.get(port);
    if (listeners === undefined) this.#listeners.set(port, new Set([socket]));
    else listeners.add(socket);
  }

  endListen(socket: InetSocket): void {
    const { port } = socket.local;
    const listeners = this.#listeners.get(port);
    listeners?.delete(socket);
    if (listeners?.size === 0) this.#listeners.delete(port);
  }

  /**
   * Who listens at this address. Of several that share it, `choice` picks one: each gets its part,
   * and the same run always the same.
   */
  listenerAt(address: string, port: number, choice: number): InetSocket | undefined {
    return best(this.#listeners.get(port), address, choice);
  }

  /** Who gets datagrams for this address. */
  receiverAt(address: string, port: number, choice: number): InetSocket | undefined {
    return best(this.#owners.get(`udp ${port}`), address, choice);
  }

  #choose(socket: InetSocket): number {
    for (let count = FIRST_PORT; count <= LAST_PORT; count++) {
      const port = this.#next;
      this.#next = port === LAST_PORT ? FIRST_PORT : port + 1;
      if (this.#owners.has(keyOf(socket, port))) continue;
      this.add(socket, port);
      return 0;
    }
    return -EADDRNOTAVAIL;
  }

  #isTaken(socket: InetSocket, port: number): boolean {
    const owners = this.#owners.get(keyOf(socket, port));
    return owners !== undefined && [...owners].some((other) => conflict(socket, other, true));
  }
}

function keyOf({ transport }: InetSocket, port: number): string {
  return `${transport} ${port}`;
}

/**
 * Whether two may not have one port. SO_REUSEADDR of both shares it until one listens,
 * SO_REUSEPORT of both, set by one user, also then.
 */
function conflict(one: InetSocket, other: InetSocket, isBind: boolean): boolean {
  if (!overlap(one, other)) return false;
  const both = (name: 'reuseAddress' | 'reusePort') =>
    one.values.isOn(name) && other.values.isOn(name);
  if (both('reusePort') && one.credentials.uid === other.credentials.uid) return false;
  return !(isBind && both('reuseAddress') && !other.isListening);
}

function overlap(one: InetSocket, other: InetSocket): boolean {
  return takes(one, other.local.address) || takes(other, one.local.address);
}

/** Whether what is sent to the address may come to the socket. */
function takes(socket: InetSocket, address: string): boolean {
  const { local, values } = socket;
  if (local.address === address) return true;
  if (local.address === '0.0.0.0') return !isV6(address) || address === '::';
  if (local.address !== '::') return false;
  return isV6(address) || !values.isOn('v6Only');
}

function isV6(address: string): boolean {
  return address.includes(':');
}

/** The most specific: this address, then any address of the family, then any at all. */
function best(
  sockets: Iterable<InetSocket> | undefined,
  address: string,
  choice: number,
): InetSocket | undefined {
  let found: InetSocket[] = [];
  let highest = 0;
  for (const socket of sockets ?? []) {
    const score = takes(socket, address) ? scoreOf(socket, address) : 0;
    if (score > highest) {
      highest = score;
      found = [];
    }
    if (score > 0 && score === highest) found.push(socket);
  }
  return found[choice % found.length];
}

function scoreOf({ local, domain }: InetSocket, address: string): number {
  if (local.address === address) return 3;
  return isV6(address) === (domain === AF_INET6) ? 2 : 1;
}

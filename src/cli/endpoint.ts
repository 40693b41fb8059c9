/**
 * What a person writes for a source or a target: a path, `-`, or an address with its kind in front.
 * Pure: nothing is looked up.
 */
import { parseIpv6 } from '../kernel/ip.js';

export type Endpoint =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'standard' }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly listen: boolean }
  | { readonly kind: 'unix'; readonly path: string; readonly listen: boolean };

/** What was written is no endpoint; the message says why. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
}

/**
 * A file whose name looks like an address is named with its folder: `./tcp:x`. `listening`: an
 * address is one to listen at also without saying so.
 */
export function parseEndpoint(text: string, listening = false): Endpoint {
  if (text === '') throw new EndpointError('an empty name is no file');
  if (text === '-') return { kind: 'standard' };
  const match = /^(tcp|unix)(-listen)?:(.*)$/s.exec(text);
  if (match === null) return { kind: 'path', path: text };
  const [, kind, suffix, rest = ''] = match;
  const listen = listening || suffix !== undefined;
  return kind === 'unix' ? parseUnix(text, rest, listen) : parseTcp(text, rest, listen);
}

function parseUnix(text: string, path: string, listen: boolean): Endpoint {
  if (path === '') throw new EndpointError(`'${text}' has no path`);
  return { kind: 'unix', path, listen };
}

/** `host:port`, and `[address]:port` where the address has colons itself. */
function parseTcp(text: string, rest: string, listen: boolean): Endpoint {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(rest);
  if (match === null) {
    const brackets = rest.split(':').length > 2 ? '; an IPv6 address goes in brackets' : '';
    throw new EndpointError(`'${text}' is not tcp:HOST:PORT${brackets}`);
  }
  const host = match[1] ?? match[2] ?? '';
  if (host === '') throw new EndpointError(`'${text}' has no host`);
  return { kind: 'tcp', host, port: portOf(text, match[3] ?? '', listen ? 0 : 1), listen };
}

function portOf(text: string, port: string, least: 0 | 1): number {
  try {
    return parsePort(port, least);
  } catch (error) {
    throw new EndpointError(`'${text}': ${(error as Error).message}`);
  }
}

/**
 * A name or an address alone, an IPv6 address with or without brackets. To Node an empty host is
 * every address of this machine: an unset variable must not mean that.
 */
export function parseHost(text: string): string {
  const host = /^\[(.*:.*)\]$/s.exec(text)?.[1] ?? text;
  if (host === '') throw new EndpointError('an empty name is no address');
  if (!/[:[\]]/.test(host) || isIpv6(host)) return host;
  const hint = /^[^:]*:\d+$/.test(host) ? ': the port is an option of its own' : '';
  throw new EndpointError(`'${text}' is no address and no name${hint}`);
}

/** As it stands before a port. */
export function showHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Also of a zone: fe80::1%eth0. */
function isIpv6(text: string): boolean {
  return parseIpv6(text.replace(/%[^%]+$/, '')) !== undefined;
}

/** A port in decimal; 0, where it is allowed, leaves the choice to the system. */
export function parsePort(text: string, least: 0 | 1): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < least || port > 65535) {
    throw new EndpointError(`'${text}' is no port: a number from ${least} to 65535`);
  }
  return port;
}

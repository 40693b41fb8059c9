/**
 * What a person writes for a source or a target: a path, `-`, or an address with its kind in front.
 * Pure: nothing is looked up.
 */

export type Endpoint =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'standard' }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly listen: boolean }
  | { readonly kind: 'unix'; readonly path: string; readonly listen: boolean };

/** What was written is no endpoint; the message says why. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
}

/** A file whose name looks like an address is named with its folder: `./tcp:x`. */
export function parseEndpoint(text: string): Endpoint {
  if (text === '') throw new EndpointError('an empty name is no file');
  if (text === '-') return { kind: 'standard' };
  const match = /^(tcp|unix)(-listen)?:(.*)$/s.exec(text);
  if (match === null) return { kind: 'path', path: text };
  const [, kind, suffix, rest = ''] = match;
  const listen = suffix !== undefined;
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
  return { kind: 'tcp', host, port: parsePort(match[3] ?? '', listen ? 0 : 1), listen };
}

/** A port in decimal; 0, where it is allowed, leaves the choice to the system. */
export function parsePort(text: string, least: 0 | 1): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < least || port > 65535) {
    throw new EndpointError(`'${text}' is no port: a number from ${least} to 65535`);
  }
  return port;
}

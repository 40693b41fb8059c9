/**
 * What a relay listens at and where it connects to, as a person writes it. Pure.
 */
import type { Address } from '../connect.js';
import { EndpointError, parseEndpoint, showHost } from '../endpoint.js';
import { UsageFailure } from '../failure.js';

/** Sockets that systemd has opened: those of this name, without one all of them. */
export interface Passed {
  readonly kind: 'systemd';
  readonly name?: string;
}

export type Listen = Address | Passed;

export function parseListen(text: string): Listen {
  const match = /^systemd(?::(.*))?$/s.exec(text);
  if (match === null) {
    return parseAddress(text, true, 'none of tcp:HOST:PORT, unix:PATH, systemd and systemd:NAME');
  }
  const [, name] = match;
  if (name === '') throw new UsageFailure(`'${text}' has no name`);
  return name === undefined ? { kind: 'systemd' } : { kind: 'systemd', name };
}

export function parseTarget(text: string): Address {
  return parseAddress(text, false, 'neither tcp:HOST:PORT nor unix:PATH');
}

/** As it was written. */
export function nameOf(endpoint: Listen): string {
  if (endpoint.kind === 'unix') return `unix:${endpoint.path}`;
  if (endpoint.kind === 'tcp') return `tcp:${showHost(endpoint.host)}:${endpoint.port}`;
  return endpoint.name === undefined ? 'systemd' : `systemd:${endpoint.name}`;
}

function parseAddress(text: string, listening: boolean, wrong: string): Address {
  if (!/^(tcp|unix):/.test(text)) throw new UsageFailure(`'${text}' is ${wrong}`);
  try {
    return parseEndpoint(text, listening) as Address;
  } catch (error) {
    if (error instanceof EndpointError) throw new UsageFailure(error.message);
    throw error;
  }
}

import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Lookup, openRoot } from '../../src/cli/serve/root.js';
import { fileListener } from '../../src/cli/serve/server.js';
import type { Runtime } from '../../src/fd/runtime.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linuxRuntime } from '../../src/node/runtime.js';

export type Overrides = { readonly [Name in keyof Kernel]?: Kernel[Name] };

/** The runtime of this machine with some of its calls replaced. */
export function withCalls(overrides: Overrides, runtime: Runtime = linuxRuntime): Runtime {
  return { ...runtime, kernel: Object.assign(Object.create(runtime.kernel), overrides) };
}

/** The runtime without other threads: what would be offloaded is called at once. */
export function sameTurn(runtime: Runtime): Runtime {
  const { kernel } = runtime;
  return {
    ...runtime,
    offload: async (name, parameters) =>
      (kernel[name] as (...parameters: unknown[]) => number)(...parameters),
  };
}

/** What was called, and through which door: 'sendfile', 'offload sendfile', 'wait'. */
export interface Counted {
  readonly runtime: Runtime;
  count(name: string): number;
}

export function counting(runtime: Runtime = linuxRuntime): Counted {
  const counts = new Map<string, number>();
  const add = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  const kernel = new Proxy(runtime.kernel, {
    get(target, name: keyof Kernel) {
      const call = target[name] as (...parameters: unknown[]) => number;
      return (...parameters: unknown[]) => {
        add(name);
        return call.apply(target, parameters);
      };
    },
  });
  const offload: Runtime['offload'] = (name, ...rest) => {
    add(`offload ${name}`);
    return runtime.offload(name, ...rest);
  };
  const poller: Runtime['poller'] = {
    wait(...parameters) {
      add('wait');
      return runtime.poller.wait(...parameters);
    },
    watch: (...parameters) => runtime.poller.watch(...parameters),
    forget: (...parameters) => runtime.poller.forget(...parameters),
    release: (...parameters) => runtime.poller.release(...parameters),
    replace: (...parameters) => runtime.poller.replace(...parameters),
  };
  return {
    runtime: { ...runtime, kernel, offload, poller },
    count: (name) => counts.get(name) ?? 0,
  };
}

/** A folder that goes when the test ends, with these files in it. */
export function makeFolder(
  t: TestContext,
  files: Record<string, string | Uint8Array> = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

export interface SiteOptions {
  readonly runtime?: Runtime;
  readonly lookup?: Lookup;
  readonly server?: ServerOptions;
  readonly create?: (listener: RequestListener) => Server;
}

export interface Site {
  readonly port: number;
  readonly server: Server;
  /** What the server had to say, as codes. */
  readonly reports: string[];
}

/** A server of the folder; all of it is closed when the test ends. */
export async function startSite(
  t: TestContext,
  folder: string,
  { runtime = linuxRuntime, lookup, server: options = {}, create }: SiteOptions = {},
): Promise<Site> {
  const root = openRoot(runtime, folder, lookup);
  const reports: string[] = [];
  const report = (error: unknown) =>
    reports.push((error as NodeJS.ErrnoException).code ?? String(error));
  const listener = fileListener({ runtime, root, report });
  const server = create?.(listener) ?? createServer(options, listener);
  const port = await listenFor(t, server);
  t.after(() => root.close());
  return { port, server, reports };
}

/** Listens on a free port until the test ends. */
export async function listenFor(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** Waits until the claim holds. */
export async function until(claim: () => boolean): Promise<void> {
  while (!claim()) await new Promise((resolve) => setImmediate(resolve));
}

export function openCount(): number {
  return readdirSync('/proc/self/fd').length;
}

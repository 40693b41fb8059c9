/**
 * The files of a folder over HTTP: one request, one file, opened beneath the root and judged by
 * what was opened.
 */
import {
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { lookup } from 'mrmime';
import type { Runtime } from '../../fd/runtime.js';
import * as e from '../../kernel/errno.js';
import * as f from '../../kernel/flags.js';
import { reset, sendBody } from '../../node/response.js';
import { type FilePath, formatPath, parseTarget } from './paths.js';
import { type Entity, plan } from './plan.js';
import type { Root } from './root.js';

export interface FileServer {
  readonly runtime: Runtime;
  readonly root: Root;
  /** Told of what went wrong here, not at the client's. */
  readonly report: (error: unknown, target: string) => void;
}

const METHODS = ['GET', 'HEAD'];

/** Answers requests with the files beneath the root; for http.Server and https.Server alike. */
export function fileListener(server: FileServer): RequestListener {
  return (request, response) => {
    const act = () =>
      void respond(server, request, response).catch((error: unknown) => {
        fail(server, error, request, response);
      });
    // A pipelined request waits here for its turn, holding no file yet.
    if (response.socket === null) response.once('socket', act);
    else act();
  };
}

async function respond(
  server: FileServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request;
  if (!METHODS.includes(method)) return refuse(response, 405, { allow: METHODS.join(', ') });
  const path = parseTarget(url);
  if ('status' in path) return refuse(response, path.status);
  const file = await openFile(server, path);
  if ('status' in file) return refuse(response, file.status, file.headers);
  try {
    await sendPlanned(server, request, response, file);
  } finally {
    server.runtime.kernel.close(file.fd);
  }
}

interface OpenFile {
  readonly fd: number;
  readonly entity: Entity;
}

interface Refusal {
  readonly status: number;
  readonly headers?: Record<string, string>;
}

/**
 * The file of the path, `index.html` for a folder; a folder without its slash is sent to the one
 * with it.
 */
async function openFile(server: FileServer, path: FilePath): Promise<OpenFile | Refusal> {
  const names = path.directory ? [...path.names, 'index.html'] : path.names;
  const fd = await server.root.open(names);
  if (fd < 0) return { status: statusOf(fd) };
  const stat = new BigInt64Array(f.STAT_FIELDS);
  const format =
    server.runtime.kernel.fstat(fd, stat) < 0 ? 0 : Number(stat[f.STAT_MODE]) & f.S_IFMT;
  if (format === f.S_IFREG) return { fd, entity: describe(names.at(-1) as string, stat) };
  server.runtime.kernel.close(fd);
  if (format !== f.S_IFDIR || path.directory) return { status: 404 };
  return { status: 301, headers: { location: formatPath(path.names, true) + path.query } };
}

/**
 * Every way not to be there looks the same: a 403 for a link that leads out would tell what is
 * outside. What is this machine's trouble is not the client's.
 */
function statusOf(error: number): number {
  if (BUSY.has(-error)) return 503;
  return ABSENT.has(-error) ? 404 : 500;
}

const ABSENT = new Set([
  ...[e.ENOENT, e.ENOTDIR, e.EISDIR, e.ELOOP, e.EXDEV, e.ENAMETOOLONG, e.EACCES, e.EPERM],
  ...[e.ENXIO, e.ENODEV, e.EAGAIN, e.EINVAL],
]);
const BUSY = new Set([e.EMFILE, e.ENFILE, e.ENOMEM, e.EINTR]);

function describe(name: string, stat: BigInt64Array): Entity {
  return {
    type: contentType(name),
    size: Number(stat[f.STAT_SIZE]),
    inode: stat[f.STAT_INO] as bigint,
    modifiedNs: stat[f.STAT_MTIME] as bigint,
    changedNs: stat[f.STAT_CTIME] as bigint,
  };
}

function contentType(name: string): string {
  const type = lookup(name) ?? 'application/octet-stream';
  return type.startsWith('text/') ? `${type};charset=utf-8` : type;
}

async function sendPlanned(
  { runtime }: FileServer,
  request: IncomingMessage,
  response: ServerResponse,
  { fd, entity }: OpenFile,
): Promise<void> {
  const method = request.method as 'GET' | 'HEAD';
  const { status, headers, body } = plan(method, request.headers, entity, Date.now());
  response.writeHead(status, headers);
  if (body === undefined || body.length === 0) response.end();
  else await sendBody(runtime, response, fd, body);
}

function refuse(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
): void {
  const text = `${status} ${STATUS_CODES[status]}\n`;
  response.writeHead(status, {
    ...headers,
    'content-type': 'text/plain;charset=utf-8',
    'content-length': `${text.length}`,
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

function fail(
  server: FileServer,
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (!isDeparture(error)) server.report(error, request.url ?? '');
  if (response.headersSent) reset(server.runtime, response);
  else refuse(response, 500);
}

/** The client went away, which it may. */
function isDeparture(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_SLUICE_CLOSED';
}

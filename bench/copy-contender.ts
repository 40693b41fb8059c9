/** What the benchmarks of copy run in Node: `node copy-contender.js MODE …`. */
import { constants, createWriteStream, writeSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { copy, open } from 'sluice';

const [mode, path = '', other = ''] = process.argv.slice(2);

const MODES: Readonly<Record<string, () => Promise<unknown>>> = {
  /** Each connection gets the file. */
  async send() {
    const file = await open(path);
    const server = createServer({ pauseOnConnect: true }, async (socket) => {
      await copy(file, socket, { offset: 0 });
      socket.end();
      socket.resume();
    });
    server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
  },
  async copyFile() {
    await measured(() => copyFile(path, other, constants.COPYFILE_EXCL));
  },
  async copy() {
    await measured(async () => {
      using source = await open(path);
      using target = await open(other, 'wx');
      await copy(source, target);
    });
  },
  /** stdin to a file, with progress. */
  async progress() {
    using target = await open(path, 'w');
    await copy(process.stdin, target, {
      onProgress: (bytes) => process.stderr.write(`\r${bytes}`),
    });
  },
  async streams() {
    let bytes = 0;
    let toldAt = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        if (performance.now() - toldAt > 100) {
          toldAt = performance.now();
          process.stderr.write(`\r${bytes}`);
        }
        done(null, chunk);
      },
    });
    await pipeline(process.stdin, count, createWriteStream(path));
  },
};

await MODES[mode as string]?.();

/** Writes what the body alone took to descriptor 3, as run.c does. */
async function measured(body: () => Promise<unknown>): Promise<void> {
  const begun = performance.now();
  const before = process.cpuUsage();
  await body();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  const memory = (process.resourceUsage().maxRSS * 1024) / 1e6;
  writeSync(3, JSON.stringify({ seconds, cpu: (user + system) / 1e6, memory }));
}

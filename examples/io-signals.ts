// Signal-driven I/O: Linux sends SIGIO when a descriptor has something to read.
import { ioSignals, pipe } from 'sluice';
import { POLLIN, SIGIO } from 'sluice/sys';

using p = pipe();
const signals = ioSignals(p.reader); // from here on
await p.writer.write(Buffer.from('x'));
for await (const { signal, fd, band } of signals) {
  console.log(signal === SIGIO, fd === p.reader.fd, (band & POLLIN) !== 0);
  break;
}

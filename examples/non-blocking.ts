// A non-blocking descriptor: a call that would have to wait answers EAGAIN instead. `Fd` turns that
// into a promise, without a thread.
import { equal, throws } from 'node:assert/strict';
import { pipe } from 'sluice';
import * as sys from 'sluice/sys';

using p = pipe();
const buffer = Buffer.alloc(16);

equal(p.reader.nonBlocking, true);
throws(() => sys.read(p.reader, buffer), { code: 'EAGAIN' });

const reading = p.reader.read(buffer);
sys.write(p.writer, Buffer.from('at last'));
console.log(buffer.toString('utf8', 0, await reading));

// The flag belongs to the open file description: a duplicate shares it.
using twin = p.reader.dup();
twin.nonBlocking = false;
equal(p.reader.nonBlocking, false);

/** Standard input to a file and to standard output, as one writes it with Node's streams. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

const file = createWriteStream(process.argv[2] as string);
process.stdin.pipe(file);
process.stdin.pipe(process.stdout);
await finished(file);

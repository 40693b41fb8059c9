// seq 1 100000 | wc -l: two children joined by one pipe of the kernel. No byte passes through Node.
import { spawn } from 'node:child_process';
import { pipe, readable } from 'sluice';

using joint = pipe({ capacity: 1 << 20 });
using result = pipe();
spawn('seq', ['1', '100000'], { stdio: ['ignore', joint.writer, 'inherit'] });
spawn('wc', ['-l'], { stdio: [joint.reader, result.writer, 'inherit'] });

// The children have their own; while ours were open, neither would see the end of the other.
joint[Symbol.dispose]();
result.writer.close();

for await (const lines of readable(result.reader)) console.log(`${lines}`.trim());

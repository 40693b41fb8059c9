/** A lane whose two sides are in this process. */
import { linux } from '../../../src/kernel/linux.js';
import { createMemory, type MappedLane, mapLane } from '../../../src/memory/ring/memory.js';
import { linuxRuntime } from '../../../src/node/runtime.js';

export interface TestLane extends MappedLane {
  readonly fd: number;
}

export function lane(capacity = 4096, start = 0, salt = 0x5eed): TestLane {
  const fd = createMemory(linux, { capacity, start, salt });
  const mapped = mapLane(linuxRuntime, fd);
  const unmap = () => {
    mapped.unmap();
    linux.close(fd);
  };
  return { ...mapped, fd, unmap };
}

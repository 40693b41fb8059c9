/** The control: memory of sys.mmap has no guard, so a look behind the end of its file kills. */
import * as sys from '../../../src/sys.js';
import { CONTENT, PAGE } from './content.js';

const fd = sys.memfd_create('sluice-unguarded', sys.MFD_CLOEXEC);
sys.write(fd, CONTENT);
const bytes = new Uint8Array(sys.mmap(null, CONTENT.length, sys.PROT_READ, sys.MAP_SHARED, fd, 0));
sys.ftruncate(fd, PAGE);
console.log(`alive: ${bytes[PAGE]}`);

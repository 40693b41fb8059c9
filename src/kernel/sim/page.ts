/**
 * Pages and who refers to them. A pipe's slots, the page cache of a file and a mapping refer to
 * pages; splice, tee and vmsplice pass a reference on where write(2) copies bytes. This module is
 * browser compatible.
 */
import { assert } from './assert.js';

export const PAGE_SIZE = 4096;

export class Page {
  /** How many slots, files and mappings refer to it. */
  references = 1;

  /** @param bytes where its bytes are: its own, or memory of JavaScript that vmsplice(2) gave */
  constructor(
    readonly bytes: Uint8Array = new Uint8Array(PAGE_SIZE),
    /** Not the machine's: nobody else gets it. */
    readonly isForeign = false,
  ) {}
}

/** How many unused pages are kept for the next user: the pages of sixteen pipes. */
const KEPT_PAGES = 256;

/** Where pages come from and go to: those that nobody refers to any more are used again. */
export class Pages {
  readonly #unused: Page[] = [];
  /** How many pages somebody refers to. */
  used = 0;

  /** A page with one reference. Its bytes are whatever they were: write before you read. */
  take(): Page {
    this.used++;
    const page = this.#unused.pop();
    if (page === undefined) return new Page();
    page.references = 1;
    return page;
  }

  /** A page of zeros with one reference. */
  takeZeroed(): Page {
    const page = this.take();
    page.bytes.fill(0);
    return page;
  }

  /** One more reference. */
  share(page: Page): Page {
    assert(page.references > 0, 'a page without references is shared');
    page.references++;
    return page;
  }

  /** One reference less. */
  release(page: Page): void {
    assert(page.references > 0, 'a page is released more often than shared');
    if (--page.references > 0) return;
    if (page.isForeign) return;
    this.used--;
    if (this.#unused.length < KEPT_PAGES) this.#unused.push(page);
  }
}

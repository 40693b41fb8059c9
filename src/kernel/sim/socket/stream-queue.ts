/**
 * What has come and is not read yet, as a stream: pieces of pages, as the fragments of an skb.
 * send(2) copies into pages; splice(2) and sendfile(2) put references in and take them out. This
 * module is browser compatible.
 */

import { EFAULT } from '../../errno.js';
import type { Tally } from '../counters.js';
import type { Cursor } from '../cursor.js';
import { PAGE_SIZE, type Page, type Pages } from '../page.js';
import type { Pipe } from '../pipe/pipe.js';
import { Ring } from '../pipe/ring.js';
import type { PieceState } from '../states.js';
import type { Rights } from './rights.js';

/** `length` bytes of the page from `offset` on. */
interface Piece {
  readonly page: Page;
  offset: number;
  length: number;
  /** The page is this queue's own, so more bytes may go behind the piece. */
  readonly isOwn: boolean;
  /** What its sender is charged until it is used up. */
  readonly charge: number;
  /** It is the last piece of a message: its sender is told when that has been read. */
  endsMessage: boolean;
  /** Of the first piece of a message: the descriptors that come with it. */
  rights: Rights | undefined;
}

export class StreamQueue {
  readonly #pieces = new Ring<Piece>();
  #length = 0;
  #charged = 0;
  /** How many messages have descriptors. */
  #withRights = 0;
  /** How many messages have been read to their end. */
  messagesRead = 0;

  constructor(readonly pages: Pages) {}

  /** How many bytes are in it. */
  get length(): number {
    return this.#length;
  }

  /** The charges of all that is in it. */
  get charged(): number {
    return this.#charged;
  }

  /** Copies up to `length` bytes into it, behind the last ones in their page: fewer is a fault. */
  append(memory: Cursor, length: number): number {
    let done = 0;
    while (done < length) {
      const wanted = length - done;
      const put = this.#extend(memory, wanted) || this.addPage(memory, wanted, 0);
      if (put < 0) break;
      done += put;
    }
    return done;
  }

  /**
   * Copies what fits into one page of its own, which costs the sender `overhead` beyond its bytes.
   * Answers how many bytes, or −EFAULT.
   */
  addPage(memory: Cursor, length: number, overhead: number): number {
    const page = this.pages.take();
    const wanted = Math.min(length, PAGE_SIZE);
    if (memory.take(page.bytes, 0, wanted) < wanted) {
      this.pages.release(page);
      return -EFAULT;
    }
    this.#push(page, 0, wanted, true, wanted + overhead);
    return wanted;
  }

  /** Copies a message, page by page: −EFAULT, and nothing, where not all of it can be copied. */
  addMessage(memory: Cursor, length: number, overhead: number, rights?: Rights): number {
    const sizes = sizesOf(length);
    const pages = sizes.map(() => this.pages.take());
    const isCopied = sizes.every((size, index) => {
      return memory.take((pages[index] as Page).bytes, 0, size) === size;
    });
    for (const [index, page] of pages.entries()) {
      const size = sizes[index] as number;
      const charge = size + (index === 0 ? overhead : 0);
      if (!isCopied) this.pages.release(page);
      else this.#push(page, 0, size, true, charge, index === 0 ? rights : undefined);
    }
    if (isCopied) this.endMessage();
    return isCopied ? length : -EFAULT;
  }

  /** Takes up to `length` bytes of the pipe's oldest slot over, by reference. */
  takeSlot(pipe: Pipe, length: number, overhead: number, tally: Tally): number {
    const slot = pipe.slots.at(0);
    const { page, offset } = slot;
    const size = Math.min(slot.length, length);
    this.pages.share(page);
    pipe.consume(size);
    this.#push(page, offset, size, false, size + overhead);
    tally.pagesPassed++;
    return size;
  }

  /**
   * Copies up to `length` bytes to the memory, from `skip` bytes on, and leaves them. A piece that
   * meets a bad address does not count; `byMessage`: nor do those before it in its message. Answers
   * how many, or −EFAULT where none counts.
   */
  read(memory: Cursor, skip: number, length: number, byMessage = false): number {
    let index = 0;
    let start = skip;
    for (; index < this.#pieces.count; index++) {
      const piece = this.#pieces.at(index);
      if (start < piece.length) break;
      start -= piece.length;
    }
    let done = 0;
    let whole = 0;
    for (; done < length && index < this.#pieces.count; index++) {
      const piece = this.#pieces.at(index);
      const size = Math.min(piece.length - start, length - done);
      const copied = memory.fill(piece.page.bytes, piece.offset + start, size);
      if (copied < size) return whole || -EFAULT;
      done += size;
      if (!byMessage || piece.endsMessage) whole = done;
      start = 0;
    }
    return done;
  }

  /** The byte after `skip` others. Precondition: it is there. */
  byteAt(skip: number): number {
    let index = 0;
    let start = skip;
    while (start >= this.#pieces.at(index).length) start -= this.#pieces.at(index++).length;
    const { page, offset } = this.#pieces.at(index);
    return page.bytes[offset + start] as number;
  }

  /** How many bytes one read may take: it ends with the first message that has descriptors. */
  get reach(): number {
    if (this.#withRights === 0) return Number.POSITIVE_INFINITY;
    const { index, start } = this.#first();
    let end = start;
    for (let at = index; at < this.#pieces.count; at++) {
      const piece = this.#pieces.at(at);
      end += piece.length;
      if (piece.endsMessage) break;
    }
    return end;
  }

  /** The descriptors of the first such message, if a read of so many bytes reaches it. */
  rightsWithin(length: number): Rights | undefined {
    if (this.#withRights === 0) return undefined;
    const { index, start } = this.#first();
    return start === 0 || start < length ? this.#pieces.at(index).rights : undefined;
  }

  /** The same, and they are in the queue no more. */
  takeRights(length: number): Rights | undefined {
    const rights = this.rightsWithin(length);
    if (rights === undefined) return undefined;
    this.#pieces.at(this.#first().index).rights = undefined;
    this.#withRights--;
    return rights.leave();
  }

  /** Drops bytes off the front. */
  consume(length: number): void {
    for (let left = length; left > 0; ) {
      const piece = this.#pieces.at(0);
      const size = Math.min(piece.length, left);
      piece.offset += size;
      piece.length -= size;
      this.#length -= size;
      left -= size;
      if (piece.length === 0) this.pages.release(this.#shift().page);
    }
  }

  /**
   * Passes references to up to `length` bytes to the pipe, as far as it has slots, and drops the
   * descriptors that come with them.
   */
  passTo(pipe: Pipe, length: number, tally: Tally): number {
    let done = 0;
    while (done < length && this.#length > 0 && !pipe.isFull) {
      this.takeRights(0)?.drop();
      const { page, offset, length: whole } = this.#pieces.at(0);
      const size = Math.min(whole, length - done);
      this.pages.share(page);
      pipe.slots.push({ page, offset, length: size, isMergeable: false, isPacket: false });
      this.consume(size);
      tally.pagesPassed++;
      done += size;
    }
    return done;
  }

  clear(): void {
    while (this.#pieces.count > 0) {
      this.takeRights(0)?.drop();
      const { page, length } = this.#shift();
      this.#length -= length;
      this.pages.release(page);
    }
  }

  /** What came last ends a message. */
  endMessage(): void {
    const { last } = this.#pieces;
    if (last !== undefined) last.endsMessage = true;
  }

  /** What `inspect` shows. */
  snapshot(placeOf: (page: Page) => number): PieceState[] {
    return Array.from({ length: this.#pieces.count }, (_, index) => {
      const { page, offset, length } = this.#pieces.at(index);
      return { page: placeOf(page), offset, length };
    });
  }

  /** Behind the last piece, as far as its page goes. 0 where nothing may go there. */
  #extend(memory: Cursor, length: number): number {
    const last = this.#pieces.last;
    if (last === undefined || !last.isOwn) return 0;
    const end = last.offset + last.length;
    const wanted = Math.min(length, PAGE_SIZE - end);
    if (wanted === 0) return 0;
    if (memory.take(last.page.bytes, end, wanted) < wanted) return -EFAULT;
    last.length += wanted;
    this.#length += wanted;
    return wanted;
  }

  #push(
    page: Page,
    offset: number,
    length: number,
    isOwn: boolean,
    charge: number,
    rights?: Rights,
  ): void {
    this.#pieces.push({ page, offset, length, isOwn, charge, endsMessage: false, rights });
    this.#length += length;
    this.#charged += charge;
    if (rights !== undefined) this.#withRights++;
  }

  /** Where the first message with descriptors begins. Precondition: there is one. */
  #first(): { index: number; start: number } {
    let start = 0;
    for (let index = 0; ; index++) {
      const { rights, length } = this.#pieces.at(index);
      if (rights !== undefined) return { index, start };
      start += length;
    }
  }

  #shift(): Piece {
    const piece = this.#pieces.shift();
    this.#charged -= piece.charge;
    if (piece.endsMessage) this.messagesRead++;
    return piece;
  }
}

/** So many bytes in pages. */
function sizesOf(length: number): number[] {
  return Array.from({ length: Math.ceil(length / PAGE_SIZE) }, (_, index) =>
    Math.min(PAGE_SIZE, length - index * PAGE_SIZE),
  );
}

/**
 * What is where in a run, as far as some steps must be left out for it: those whose result Linux
 * does not promise.
 */
import { EAGAIN } from '../../../src/kernel/errno.js';
import { callOf, SPECS } from './calls.js';
import type { Name, Step, Value } from './step.js';

/**
 * The limits of socket buffers are each kernel's own, so no sequence comes near them: Linux says
 * POLLOUT up to a quarter of net.core.wmem_default, 212992.
 */
const MOST_BYTES = 40_000;
/** What a message costs beyond its bytes, at most. */
const MESSAGE_BYTES = 1024;
const PAGE = 4096;

/** Which parameters are where pages come from and where they go to. */
const WAYS: Readonly<Record<string, readonly [from: number, to: number]>> = {
  splice: [0, 2],
  tee: [0, 1],
  sendfile: [1, 0],
};

/** A file or memory like one, a pipe, or what both sockets of a pair have sent. */
type Place = string;

const isFile = (place: Place): boolean => place.startsWith('file');

function placeOf(call: string, values: readonly Value[], number: number): Place {
  if (call === 'openat') return `file ${values[1]}`;
  return call === 'memfd_create' ? `file ${number}` : String(number);
}

export class Traffic {
  readonly #places = new Map<Name, Place>();
  /** The socket behind a name: the two of a pair are 2n and 2n + 1. */
  readonly #sockets = new Map<Name, number>();
  /** What was sent through a socket since its peer was seen empty. */
  readonly #sent = new Map<number, number>();
  /** Places with bytes that Linux does not keep in single whole pages. */
  readonly #odd = new Set<Place>();
  /** The files whose pages may be in a place. */
  readonly #files = new Map<Place, Set<Place>>();
  #made = 0;

  /** Whether the step can be made. Precondition: `made` was called for the steps before. */
  allows(step: Step): boolean {
    if (!this.#isDefined(step) || this.#overlaps(step) || this.#mayLose(step)) return false;
    return this.#isLight(step);
  }

  made({ call, values, makes }: Step, result: number): void {
    const [first, second] = values as [Name, Name];
    const spec = SPECS[call];
    this.#share(call, values);
    if (spec?.maps) {
      const memory = `file ${this.#made++}`;
      this.#places.set(makes[0] as Name, this.#places.get(values[4] as Name) ?? memory);
    } else if (spec?.replaces) {
      if (result >= 0) this.#is(second, first);
    } else if (makes.length === 1 && spec?.parameters[0]?.kinds !== undefined) {
      this.#is(makes[0] as Name, first);
    } else if (makes.length > 0) {
      this.#new(call, values, makes);
    }
    this.#pass(call, values);
    const socket = this.#sockets.get(first);
    if (socket !== undefined && result === -EAGAIN && spec?.sends === undefined) {
      this.#sent.delete(socket ^ 1);
    }
  }

  /**
   * Not: a file's page is copied over a part of itself, which is memcpy(3) of what overlaps. Nor is
   * spliced what went to a socket otherwise than page by page: how many slots of a pipe that takes
   * depends on what the process has sent before, and on which pages are free.
   */
  #isDefined({ call, values }: Step): boolean {
    const [from, to] = this.#way(call, values);
    if (from === undefined) return true;
    if (this.#odd.has(from)) return false;
    return !(to !== undefined && (isFile(from) ? from === to : this.#files.get(from)?.has(to)));
  }

  /** Nor is a mapping of a file the memory for a call on the file or its pages. */
  #overlaps(step: Step): boolean {
    const { files, mapped } = this.#involved(step);
    return mapped.some((file) => files.has(file));
  }

  /** vmsplice(2) puts pages of a mapped file into a pipe. */
  #share(call: string, values: readonly Value[]): void {
    const pipe = this.#places.get(values[0] as Name);
    if (callOf(call) !== 'vmsplice' || pipe === undefined) return;
    const files = this.#files.get(pipe) ?? new Set();
    this.#files.set(pipe, files);
    for (const file of this.#mappedIn(call, values)) files.add(file);
  }

  /** The files that the descriptors of a step may give or take, and those under its memory. */
  #involved({ call, values }: Step): { files: Set<Place>; mapped: Place[] } {
    const files = new Set<Place>();
    for (const [index, { kinds }] of (SPECS[call]?.parameters ?? []).entries()) {
      const place = kinds && this.#places.get(values[index] as Name);
      if (place === undefined) continue;
      for (const file of [place, ...(this.#files.get(place) ?? [])]) files.add(file);
    }
    return { files, mapped: SPECS[call]?.maps ? [] : this.#mappedIn(call, values) };
  }

  #mappedIn(call: string, values: readonly Value[]): Place[] {
    return (SPECS[call]?.parameters ?? []).flatMap(({ mappingOf }, index) => {
      const name = mappingOf?.(values[index] ?? null);
      const place = name === undefined ? undefined : this.#places.get(name);
      return place === undefined ? [] : [place];
    });
  }

  /**
   * Sockets that are under way in each other are lost when Linux finds them, which is when it likes
   * to: a pair goes through younger ones only.
   */
  #mayLose({ call, values }: Step): boolean {
    const carrier = this.#sockets.get(values[0] as Name);
    if (call !== 'sendmsg' || carrier === undefined) return false;
    return (values[2] as readonly Name[]).some((name) => {
      const sent = this.#sockets.get(name);
      return sent !== undefined && sent >> 1 >= carrier >> 1;
    });
  }

  #isLight({ call, values }: Step): boolean {
    const sends = SPECS[call]?.sends?.(values);
    const socket = sends && this.#sockets.get(sends[0]);
    if (socket === undefined) return true;
    const bytes = sends?.[1] ?? 0;
    const sent = (this.#sent.get(socket) ?? 0) + 2 * bytes + MESSAGE_BYTES;
    if (sent > MOST_BYTES) return false;
    this.#sent.set(socket, sent);
    const place = this.#places.get((sends as [Name, number])[0]);
    if (bytes !== PAGE && WAYS[callOf(call)] === undefined) this.#odd.add(place as Place);
    return true;
  }

  #way(call: string, values: readonly Value[]): (Place | undefined)[] {
    const way = WAYS[callOf(call)] ?? [];
    return way.map((index) => this.#places.get(values[index] as Name));
  }

  #pass(call: string, values: readonly Value[]): void {
    const [from, to] = this.#way(call, values);
    if (from === undefined || to === undefined) return;
    const files = this.#files.get(to) ?? new Set();
    this.#files.set(to, files);
    for (const file of this.#files.get(from) ?? []) files.add(file);
    if (isFile(from)) files.add(from);
    if (this.#odd.has(from)) this.#odd.add(to);
  }

  #new(call: string, values: readonly Value[], makes: readonly Name[]): void {
    const number = this.#made++;
    const place = placeOf(call, values, number);
    for (const [side, name] of makes.entries()) {
      this.#places.set(name, place);
      if (call.startsWith('socketpair')) this.#sockets.set(name, 2 * number + side);
    }
  }

  /** The name is a duplicate of the other. */
  #is(name: Name, other: Name): void {
    for (const map of [this.#places, this.#sockets] as Map<Name, unknown>[]) {
      if (map.has(other)) map.set(name, map.get(other));
      else map.delete(name);
    }
  }
}

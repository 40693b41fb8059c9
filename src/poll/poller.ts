/**
 * The poller: one epoll descriptor for all waits of a runtime, over any kernel. This module is
 * browser compatible.
 *
 * Registrations are edge-triggered and stay when a wait is over, so that a busy descriptor costs no
 * system call per wait. What keeps that exact:
 *
 * - A wait comes after a refusal, so the edge it needs is still to come, or is queued in epoll:
 *   nothing is lost.
 * - An edge that arrives while nobody waits for it is taken back: the descriptor leaves epoll, or
 *   only that interest has to be asked again. Adding or modifying reports what is ready by then. So
 *   an idle program, and one that holds a half-dead pipe (whose ERR and HUP no mask can hide), does
 *   not wake up.
 * - epoll knows open file descriptions, not numbers: a number can be closed and taken by another
 *   file while the old file goes on sending events. Each event carries its generation, `forget`
 *   comes before close, and where events of unknown owners pile up, the epoll descriptor itself is
 *   replaced.
 */
import {
  type Interest,
  type Interests,
  type Poller,
  READABLE,
  type Watcher,
  WRITABLE,
} from '../fd/runtime.js';
import type { Clock } from '../kernel/clock.js';
import { EPERM } from '../kernel/errno.js';
import { AbortError, check, SluiceError, SystemError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import { ask, interestsOf } from './ask.js';
import { Registration, type Waiter } from './registration.js';
import { Wait } from './wait.js';

/** Events taken up in one call. */
const EVENTS_AT_ONCE = 512;

/**
 * Events of unknown owners after which the epoll descriptor is replaced: enough to be no accident.
 */
const STALE_LIMIT = 16;

/** A poller over this kernel. It makes no system call before the first wait. */
export function createPoller(kernel: Kernel, clock: Clock): Poller {
  return new EpollPoller(kernel, clock);
}

class EpollPoller implements Poller {
  readonly #kernel: Kernel;
  readonly #clock: Clock;
  readonly #registrations = new Map<number, Registration>();
  readonly #events = new Int32Array(3 * EVENTS_AT_ONCE);
  #epoll = -1;
  #watch = -1;
  #pending = 0;
  #held = false;
  #stale = 0;
  /** Since the last epoll_wait, so that its other events may be of numbers that nobody has. */
  #forgotten = false;

  constructor(kernel: Kernel, clock: Clock) {
    this.#kernel = kernel;
    this.#clock = clock;
  }

  wait(fd: number, interest: Interest, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw new AbortError(signal.reason);
      const registration = this.#register(fd, interest);
      const waiter = new Wait(interest, signal, (error, aborted) => {
        registration.delete(waiter);
        this.#pending--;
        if (error === undefined) resolve();
        else reject(error);
        if (aborted) this.#hold();
      });
      registration.add(waiter);
      this.#pending++;
      this.#hold();
      if (registration.asked === 0) this.#wakeLater(registration, waiter);
    });
  }

  watch(fd: number, interests: Interests, watcher: Watcher): number {
    this.#open();
    const registration = this.#registrationOf(fd);
    const result = this.#watchFor(registration, interests, watcher);
    if (result < 0 && registration.idle) this.#drop(registration);
    else this.#hold();
    return result;
  }

  forget(fd: number, sole = false): void {
    const registration = this.#registrations.get(fd);
    if (registration === undefined) return;
    this.#forgotten = true;
    if (sole) this.#drop(registration);
    else this.#remove(registration);
    this.#end(registration, () => closed(fd));
    this.#hold();
  }

  release(fd: number): void {
    if (this.#registrations.get(fd)?.idle) this.forget(fd);
  }

  replace(fd: number, call: () => number): number {
    const registration = this.#registrations.get(fd);
    if (registration === undefined) return call();
    this.#forgotten = true;
    // Before the call: what epoll knows by this number is the file that goes.
    this.#remove(registration);
    const result = call();
    if (result >= 0) this.#end(registration, () => closed(fd));
    else if (!registration.idle) this.#moveOver(registration);
    this.#hold();
    return result;
  }

  /** Ends its waits and its watch; the error is made where somebody hears of it. */
  #end(registration: Registration, error: () => Error): void {
    if (registration.hasWaiters) registration.settle(READABLE | WRITABLE, error());
    const { watcher } = registration;
    if (watcher === undefined) return;
    registration.watcher = undefined;
    this.#pending--;
    watcher.forgotten(error);
  }

  /** For what epoll refuses with EPERM: a regular file, /dev/null. It is always ready. */
  async #wakeLater(registration: Registration, waiter: Waiter): Promise<void> {
    await this.#clock.yield();
    waiter.settle();
    if (registration.asked === 0 && registration.idle) this.#drop(registration);
    this.#hold();
  }

  /** The registration of this number, with the next edge of this interest still to come. */
  #register(fd: number, interest: Interest): Registration {
    this.#open();
    const registration = this.#registrationOf(fd);
    if ((registration.armed & interest) === 0) this.#arm(registration, interest);
    return registration;
  }

  #registrationOf(fd: number): Registration {
    let registration = this.#registrations.get(fd);
    if (registration === undefined) {
      registration = new Registration(fd);
      this.#registrations.set(fd, registration);
    }
    return registration;
  }

  #watchFor(registration: Registration, interests: Interests, watcher: Watcher): number {
    const before = registration.watched;
    registration.watched |= interests;
    const result = ask(this.#kernel, this.#epoll, registration, registration.asked | interests);
    if (result < 0) {
      registration.watched = before;
      return result;
    }
    registration.asked |= interests;
    registration.armed |= interests;
    if (registration.watcher === undefined) this.#pending++;
    registration.watcher = watcher;
    return 0;
  }

  /** Asks epoll for these interests too. Whatever is ready by now is reported. */
  #arm(registration: Registration, interests: Interests): void {
    const asked = registration.asked | interests;
    const result = ask(this.#kernel, this.#epoll, registration, asked);
    if (result === -EPERM) {
      registration.asked = 0;
      registration.armed = 0;
      registration.settle(READABLE | WRITABLE);
      const error = () => new SystemError(result, { syscall: 'epoll_ctl', fd: registration.fd });
      this.#end(registration, error);
      return;
    }
    if (result < 0) {
      const error = new SystemError(result, { syscall: 'epoll_ctl', fd: registration.fd });
      this.#drop(registration);
      this.#end(registration, () => error);
      this.#hold();
      throw error;
    }
    registration.asked = asked;
    registration.armed = asked;
  }

  /**
   * Runs when the epoll descriptor is readable. Watchers run inside; promises come after it.
   */
  #drain(): void {
    let count: number;
    do {
      this.#forgotten = false;
      count = this.#kernel.epoll_wait(this.#epoll, 0, this.#events);
      for (let at = 0; at < 3 * count; at += 3) this.#deliver(at);
    } while (count === EVENTS_AT_ONCE);
    if (this.#stale >= STALE_LIMIT) this.#rebuild();
    this.#hold();
  }

  /** The event at this place: [events, number, generation]. */
  #deliver(at: number): void {
    const registration = this.#registrations.get(this.#events[at + 1] as number);
    if (registration === undefined || registration.generation !== this.#events[at + 2]) {
      // Of this batch, it may be of one that a watcher has just forgotten.
      if (!this.#forgotten) this.#stale++;
      return;
    }
    const events = this.#events[at] as number;
    const ready = interestsOf(events);
    const { awaited, watcher } = registration;
    if (awaited === 0 && watcher === undefined) {
      // A number that is closed or another file's by now cannot be removed: see F4 in the tests.
      if (this.#remove(registration) < 0) this.#stale++;
      return;
    }
    registration.armed &= ~(ready & ~awaited);
    if (awaited !== 0) registration.settle(ready);
    watcher?.ready(ready, events);
  }

  #remove(registration: Registration): number {
    this.#drop(registration);
    if (registration.asked === 0) return 0;
    return this.#kernel.epoll_ctl(this.#epoll, f.EPOLL_CTL_DEL, registration.fd, 0, 0);
  }

  #drop(registration: Registration): void {
    if (this.#registrations.get(registration.fd) === registration) {
      this.#registrations.delete(registration.fd);
    }
  }

  /**
   * A new epoll descriptor, which knows only what is waited for:
   * the events of unknown owners are gone.
   */
  #rebuild(): void {
    this.#stale = 0;
    const known = [...this.#registrations.values()].filter(({ asked }) => asked !== 0);
    for (const registration of known) this.#drop(registration);
    this.#shut();
    for (const registration of known) {
      if (!registration.idle) this.#moveOver(registration);
    }
  }

  #moveOver(registration: Registration): void {
    registration.asked = 0;
    this.#registrations.set(registration.fd, registration);
    try {
      this.#open();
      this.#arm(registration, registration.awaited | registration.watched);
      if (registration.idle) this.#drop(registration);
    } catch (error) {
      this.#drop(registration);
      this.#end(registration, () => error as Error);
    }
  }

  #open(): void {
    if (this.#epoll >= 0) return;
    const epoll = check(this.#kernel.epoll_create1(f.EPOLL_CLOEXEC), 'epoll_create1');
    const watch = this.#kernel.watch(epoll, () => this.#drain());
    if (watch < 0) this.#kernel.close(epoll);
    this.#watch = check(watch, 'watch');
    this.#epoll = epoll;
  }

  #shut(): void {
    this.#kernel.unwatch(this.#watch);
    this.#kernel.close(this.#epoll);
    this.#epoll = -1;
    this.#held = false;
  }

  /** Pending waits keep the program alive; without any it may end. */
  #hold(): void {
    const alive = this.#pending > 0;
    if (this.#held === alive || this.#epoll < 0) return;
    this.#kernel.hold(this.#watch, alive);
    this.#held = alive;
  }
}

function closed(fd: number): SluiceError {
  const message = `the descriptor ${fd} was closed while it was waited for`;
  return new SluiceError('ERR_SLUICE_CLOSED', message);
}

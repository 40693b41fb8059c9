/**
 * A machine, its time, its peers, and a runtime whose calls the peers interrupt and whose kernel
 * may be made to fail: all of it drawn from one seed.
 */
import type { Runtime } from '../../src/fd/runtime.js';
import { type Fault, type FaultPlan, fault } from '../../src/kernel/fault.js';
import { mulberry32 } from '../../src/kernel/random.js';
import { type Kernel, Scheduler, SimKernel } from '../../src/sim.js';
import { passes } from '../faults/errnos.js';
import { runtimeOver } from '../helpers/flows.js';
import { type Draw, Troupe } from './peers.js';
import { drawPlan } from './plan.js';

/** How a kernel is spoilt, for a canary: as nothing but a mistake could spoil it. */
export type Spoil = (kernel: Kernel) => Kernel;

export class Stage {
  readonly draw: Draw;
  readonly scheduler: Scheduler;
  /** As it is. */
  readonly kernel: SimKernel;
  readonly troupe: Troupe;
  /** For flows. */
  readonly runtime: Runtime;
  readonly plan: FaultPlan;
  /** Whether time goes on although there is something to do. */
  readonly isHasty: boolean;
  /** Set where a call has failed in a way that a flow need not survive. */
  hasFailed = false;

  constructor(seed: number, spoil: Spoil = (kernel) => kernel) {
    const random = mulberry32(seed);
    this.draw = (end) => Math.floor(random() * end);
    this.isHasty = this.draw(4) === 0;
    this.scheduler = new Scheduler({ seed, haste: this.isHasty ? 0.05 : 0, mostTasks: 20_000 });
    this.troupe = new Troupe(this.scheduler, this.draw);
    const { clock } = this.scheduler;
    this.kernel = new SimKernel({ schedule: (task) => this.#schedule(task), clock });
    this.plan = drawPlan(this.draw);
    const onFault = (one: Fault) => {
      this.hasFailed ||= !passes(one);
    };
    const kernel = fault(interrupted(spoil(this.kernel), this), this.plan, onFault);
    this.runtime = runtimeOver(kernel, clock);
  }

  /** A call that sleeps goes on in a task: it may have changed something, too. */
  #schedule(task: () => void): void {
    this.scheduler.schedule(() => {
      task();
      this.troupe.wake();
    });
  }
}

/** One call in so many is interrupted before it, and as many after it. */
const CALLS = 8;

/** Between any two calls the peers may act, and after each they may have something to do. */
function interrupted(kernel: Kernel, { troupe, draw }: Stage): Kernel {
  const calls = Object.entries(kernel).map(([name, call]) => {
    const wrapped = (...parameters: unknown[]) => {
      if (draw(CALLS) === 0) troupe.act();
      const result = call(...parameters);
      troupe.wake();
      if (draw(CALLS) === 0) troupe.act();
      return result;
    };
    return [name, typeof call === 'function' ? wrapped : call];
  });
  return Object.fromEntries(calls);
}

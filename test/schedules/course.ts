/** A course of events: flows on one machine, one after the other and together, from one seed. */
import assert from 'node:assert/strict';
import { planToCode } from '../../src/kernel/fault.js';
import { type Act, drawAct } from './acts.js';
import { type Spoil, Stage } from './stage.js';

/** How often some flows run together on one machine. */
const SCENES = 8;
const MOST_FLOWS = 3;

/**
 * Runs the course of this seed, and says what must hold: each byte once, in order, at the right
 * place; every flow ends; nothing is left. Answers how many flows there were.
 */
export async function course(seed: number, spoil?: Spoil): Promise<number> {
  const stage = new Stage(seed, spoil);
  let flows = 0;
  for (let scene = 0; scene < SCENES; scene++) {
    stage.hasFailed = false;
    const acts = Array.from({ length: 1 + stage.draw(MOST_FLOWS) }, () => drawAct(stage));
    flows += acts.length;
    const names = acts.map(({ name }) => `\n  ${name}`).join('');
    const what = `await course(${seed}); // scene ${scene}${names}\n  ${planToCode(stage.plan)}\n`;
    await play(stage, acts).catch((error: Error) => assert.fail(`${what}${error.stack}`));
    for (const act of acts) assert.deepEqual(act.wrongs(), [], `${what}${act.name}`);
    for (const act of acts) act.end();
    await stage.scheduler.rest();
    assert.deepEqual(left(stage), ['0 pages', '0 timers'], `left after ${what}`);
  }
  return flows;
}

/** Until all flows are over, and the peers have what came. */
async function play({ scheduler }: Stage, acts: readonly Act[]): Promise<void> {
  await scheduler.run(Promise.all(acts.map((act) => act.run())));
  await scheduler.rest();
}

function left({ kernel, scheduler }: Stage): string[] {
  const { objects, pagesInUse } = kernel.inspect();
  const kinds = objects.map(({ kind }) => kind).filter((kind) => kind !== 'eventpoll');
  return [...kinds, `${pagesInUse} pages`, `${scheduler.clock.timers} timers`];
}

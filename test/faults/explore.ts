/** Runs scenarios with faults, and says what must hold whatever failed. */
import assert from 'node:assert/strict';
import { type Fault, type FaultPlan, fault, planToCode } from '../../src/kernel/fault.js';
import { mulberry32 } from '../../src/kernel/random.js';
import { faultsOf, PAGES, passes } from './errnos.js';
import type { Outcome, Scenario } from './scenarios.js';
import { type Bench, type Call, noting, openBench, type World } from './world.js';

/** After so many turns without an end a limit of time, or the patience of a person, is over. */
const LONG = 300;

/** Makes a world for one run. */
export type Worlds = () => World;

export interface Exploration {
  readonly seed: number;
  /** Those that are tried in any case. */
  readonly always: (fault: Fault) => boolean;
  /** How many of the others; Infinity for all. */
  readonly sample: number;
  /** How many calls of the scenario may fail. */
  readonly mostCalls: number;
  /** When to stop all the same. */
  readonly enough: () => boolean;
}

/** Answers how many faults there are, and how many of them were tried. */
export async function explore(
  worlds: Worlds,
  scenario: Scenario,
  { seed, always, sample, mostCalls, enough }: Exploration,
): Promise<{ all: number; tried: number }> {
  const faults = await faultsIn(worlds(), scenario, mostCalls);
  const others = faults.filter((one) => !always(one));
  const chosen = [...faults.filter(always), ...shuffled(others, seed).slice(0, sample)];
  let tried = 0;
  for (const one of chosen) {
    if (enough()) break;
    await survives(worlds, scenario, { faults: [one] }, passes(one));
    tried++;
  }
  return { all: faults.length, tried };
}

/** Every way in which each of the calls may fail that the scenario makes where nothing fails. */
async function faultsIn(world: World, scenario: Scenario, most: number): Promise<Fault[]> {
  const calls: Call[] = [];
  const outcome = await runOnce(world, scenario, noting(calls, most, isFallible), true);
  assertSafe(outcome, `${scenario.name}, no fault`);
  if (!scenario.timed && scenario.abortAfter === undefined) assertComplete(outcome, scenario.name);
  for (const { call } of calls) assert.ok(call in PAGES, `${call} has no errnos`);
  return calls.flatMap(({ call, nth }) => faultsOf(call, nth));
}

const isFallible = (name: string) =>
  !/^(page_size|watch|unwatch|hold|offload|interrupt)$/.test(name);

/** What must hold under this plan. `passing`: nothing fails that the next call would not mend. */
export async function survives(
  worlds: Worlds,
  scenario: Scenario,
  plan: FaultPlan,
  passing: boolean,
): Promise<void> {
  const world = worlds();
  const open = world.open();
  const what = `${scenario.name}:\n  survives(…, ${planToCode(plan)}, ${passing})`;
  const made = (kernel: World['kernel']) => fault(kernel, plan);
  const outcome = await runOnce(world, scenario, made, passing, what);
  assertSafe(outcome, what);
  assert.deepEqual(world.open(), open, `left open: ${what}`);
  if (!passing || scenario.timed || scenario.abortAfter !== undefined) return;
  assertComplete(outcome, what);
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException | undefined)?.code;

async function runOnce(
  world: World,
  scenario: Scenario,
  wrap: Parameters<typeof openBench>[1],
  patient: boolean,
  what = scenario.name,
): Promise<Outcome> {
  const bench = openBench(world, wrap);
  const controller = new AbortController();
  let settled = false;
  const running = scenario.run(bench, controller.signal).finally(() => {
    settled = true;
  });
  running.catch(() => {});
  const lost = world.patience();
  for (let turn = 0; !settled; turn++) {
    await world.turn();
    if (turn === scenario.abortAfter) controller.abort();
    if (turn > LONG) pass(bench, scenario, controller, patient, turn);
    assert.ok(!lost(), `never settled: ${what}`);
  }
  const outcome = await running;
  bench.end();
  assert.equal(bench.clock.timers, 0, `a timer is left: ${what}`);
  return outcome;
}

/** A limit of time is reached; what nothing else would end is ended as a person would end it. */
function pass(
  { clock }: Bench,
  { timed }: Scenario,
  controller: AbortController,
  patient: boolean,
  turn: number,
): void {
  if (timed) clock.advance(500);
  if (!patient && turn > 2 * LONG) controller.abort();
}

/** Nobody has a byte that is not next, and nobody counts what is not there. */
function assertSafe({ error, streams }: Outcome, what: string): void {
  const stack = error instanceof Error ? `\n${error.stack}` : '';
  for (const { name, sent, arrived, claimed, complete } of streams) {
    const where = `${name} of ${what}${stack}`;
    assert.ok(arrived.length <= sent.length, where);
    assert.equal(Buffer.compare(arrived, sent.subarray(0, arrived.length)), 0, where);
    if (complete) assert.equal(arrived.length, sent.length, where);
    if (claimed !== undefined) assert.equal(claimed, arrived.length, where);
  }
  if (error !== undefined)
    assert.match(codeOf(error) ?? '', /^(E[A-Z0-9]+|ERR_SLUICE_[A-Z_]+|ABORT_ERR)$/, what + stack);
}

function assertComplete({ error, streams }: Outcome, what: string): void {
  const stack = error instanceof Error ? `\n${error.stack}` : '';
  assert.equal(error, undefined, what + stack);
  for (const { complete, name, dead } of streams) assert.ok(complete || dead, `${name} of ${what}`);
}

function shuffled<T>(all: readonly T[], seed: number): T[] {
  const random = mulberry32(seed);
  const list = [...all];
  for (let at = list.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [list[at], list[other]] = [list[other] as T, list[at] as T];
  }
  return list;
}

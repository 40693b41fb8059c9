/**
 * Calls with every wrong type and edge at every place, then with random arguments, from a seed:
 *
 * node dist/test/fuzz/arguments/program.js SEED COUNT [trace]
 *
 * Each must answer n ≥ 0 or −errno, throw nothing and write nowhere else. With `trace` the calls
 * are printed before they are made. It runs in a directory of its own, which it fills with files.
 */
import assert from 'node:assert/strict';
import { readdirSync, writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { isArrayBuffer } from 'node:util/types';
import * as f from '../../../src/kernel/flags.js';
import { linux } from '../../../src/kernel/linux.js';
import { CALLS, type Call } from './calls.js';
import { DOORS, endDoors, OFFLOADED } from './doors.js';
import { EDGES } from './edges.js';
import { Random } from './random.js';
import { World } from './world.js';

/** How many calls are made before the event loop has its turn. */
const TURN = 500;
const MAX_ERRNO = 4095;
/** A file of the run gets no longer than this. */
const FILE_BYTES = 4n << 20n;

const [seed, total, trace] = process.argv.slice(2);
const random = new Random(Number(seed));
const functions = linux as unknown as Record<string, (...values: unknown[]) => unknown>;
let made = 0;
let succeeded = 0;
let offloaded = 0;

async function main(): Promise<void> {
  for (const signal of ['SIGIO', 'SIGURG', 'SIGWINCH'] as const) process.on(signal, () => {});
  linux.prlimit(0, f.RLIMIT_FSIZE, new BigUint64Array([FILE_BYTES, FILE_BYTES]), null);
  linux.offload('fsync', [-1], () => {});
  await turn();
  const before = openDescriptors();
  const world = new World(random);
  const all = Object.entries({ ...CALLS, ...DOORS });
  await everyEdge(all, world);
  while (made < Number(total)) {
    if (made % TURN === 0) await turn();
    if (made % 20 === 0) world.renew();
    if (made % 1000 === 0) world.renewRange();
    const [name, call] = random.pick(all);
    if (random.chance(0.05)) offload(world);
    else make(name, call, world, random.chance(0.5) ? -1 : random.below(call.parameters.length));
  }
  while (offloaded > 0) await turn();
  endDoors();
  world.close();
  await turn();
  report(before);
}

/** Each parameter of each call gets each edge once, the others being what the call expects. */
async function everyEdge(all: readonly [string, Call][], world: World): Promise<void> {
  for (const [name, call] of all) {
    for (let place = 0; place < call.parameters.length; place++) {
      for (const edge of EDGES) make(name, call, world, place, edge);
    }
    await turn();
  }
}

type Edge = () => unknown;

/** One call, with an edge at `place`. */
function make(name: string, call: Call, world: World, place: number, edge?: Edge): void {
  const values = argumentsOf(call, world, place, edge);
  made++;
  if (trace !== undefined) print(name, values);
  const result = functions[name]?.(...values);
  judge(name, values, result, world);
  if (typeof result === 'number') {
    if (result >= 0) succeeded++;
    call.settle?.(result, values, world);
  }
}

function argumentsOf(call: Call, world: World, place: number, edge?: Edge): unknown[] {
  const values = call.parameters.map((parameter, index) => {
    if (index !== place) return parameter.valid(world);
    const wrong = (edge ?? random.pick(EDGES))();
    return parameter.allows(wrong) ? wrong : parameter.valid(world);
  });
  call.tame?.(values, world);
  if (random.chance(0.01)) values.length = random.below(values.length + 1);
  return values;
}

/** The same call through the door of sleep, whose answer comes in a later turn. */
function offload(world: World): void {
  const name = random.pick(OFFLOADED);
  const call = CALLS[name];
  const place = random.chance(0.5) ? -1 : random.below(7);
  const values = call === undefined ? [] : argumentsOf(call, world, place);
  made++;
  if (trace !== undefined) print(`offload ${name}`, values);
  const wrong = random.chance(0.05);
  const ticket = functions.offload?.(
    name,
    wrong ? random.pick(EDGES)() : values,
    (result: number) => {
      offloaded--;
      judge(name, values, result, world);
      call?.settle?.(result, values, world);
    },
  ) as number;
  judge('offload', values, ticket, world);
  if (ticket >= 0) offloaded++;
}

function judge(name: string, values: readonly unknown[], result: unknown, world: World): void {
  if (result instanceof ArrayBuffer && (name === 'view' || name === 'own')) {
    world.views.push(result);
    if (world.views.length > 50) world.views.shift();
  } else if (!Number.isInteger(result) || (result as number) < -MAX_ERRNO) {
    print(name, values);
    throw new Error(`answered ${inspect(result)}`);
  }
  if (world.check()) return;
  print(name, values);
  throw new Error('wrote outside its memory');
}

/** What is in an ArrayBuffer may be memory that cannot be read. */
function print(name: string, values: readonly unknown[]): void {
  const options = { depth: 1, breakLength: Infinity, maxArrayLength: 5, showProxy: true };
  const shown = values.map((value) =>
    isArrayBuffer(value) ? 'an ArrayBuffer' : inspect(value, options).slice(0, 80),
  );
  writeSync(2, `${made} ${name}(${shown.join(', ')})\n`);
}

/** Lets the answers of the offloaded calls in. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function openDescriptors(): string {
  return readdirSync('/proc/self/fd').slice(0, -1).join(' ');
}

function report(before: string): void {
  const names = Object.keys(CALLS).length + Object.keys(DOORS).length + 1;
  console.log(`${made} calls of ${names} functions, ${succeeded} of them succeeded`);
  assert.equal(openDescriptors(), before, 'open descriptors');
}

/** `offload` takes any of the calls; `initialize` is not one. */
const known = [...Object.keys(CALLS), ...Object.keys(DOORS), 'offload', 'initialize'];
assert.deepEqual(Object.keys(linux).sort(), known.sort());
await main();

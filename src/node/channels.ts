/**
 * The tracing channels of Node: `sluice:copy`, `sluice:relay`, `sluice:tee`. Who wants to know of
 * flows subscribes to `tracingChannel('sluice:copy')` of node:diagnostics_channel; see
 * docs/tracing.md.
 */
import type { TracingChannel } from 'node:diagnostics_channel';
import type { FlowName, Tracer } from '../fd/runtime.js';
import { diagnosticsChannel } from './builtin.js';

/** The channels are made when the first flow begins. Elsewhere than on Node there may be none. */
export const channels: Tracer = {
  listens(name) {
    const channel = channelOf(name);
    return channel !== undefined && EVENTS.some((event) => channel[event].hasSubscribers);
  },
  trace(name, trace, run) {
    const channel = channelOf(name);
    return channel === undefined ? run() : channel.tracePromise(run, trace);
  },
};

// `hasSubscribers` of the whole is younger than some versions of Node that are supported.
const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

const made = new Map<FlowName, TracingChannel | undefined>();

function channelOf(name: FlowName): TracingChannel | undefined {
  if (made.has(name)) return made.get(name);
  const { tracingChannel } = diagnosticsChannel();
  const channel =
    typeof tracingChannel === 'function' ? tracingChannel(`sluice:${name}`) : undefined;
  made.set(name, channel);
  return channel;
}

/** A suite that never runs, and figures for it. */
import type { Result } from '../../bench/results.js';
import type { Suite, Table } from '../../bench/suite.js';

export const TABLE: Table = {
  id: 'relay-flood',
  title: 'Relay, one connection',
  short: 'relay, flood',
  about: 'About it.',
  ours: 'sluice',
  columns: [
    { key: 'rate', title: 'throughput', unit: 'GiB/s', digits: 2, better: 'more' },
    { key: 'cpu', title: 'CPU per GiB', unit: 's', digits: 2, better: 'less' },
    { key: 'memory', title: 'memory', unit: 'MB', digits: 0 },
  ],
};

export const GROWTH: Table = {
  id: 'growth',
  title: 'How it grows',
  short: 'growth',
  about: '',
  ours: 'sluice',
  columns: [
    { key: '1', title: '1', unit: '/s', digits: 0, better: 'more' },
    { key: '10', title: '10', unit: '/s', digits: 0, better: 'more' },
    { key: 'least', title: 'least of best', unit: '×', digits: 2 },
  ],
  growth: 'connections',
};

export const FIGURES = {
  sluice: [{ rate: 3, cpu: 0.3, memory: 60 }],
  HAProxy: [{ rate: 2, cpu: 0.5, memory: 10 }],
  'no relay': [{ rate: 4 }],
};

export const GROWN = {
  sluice: [{ 1: 50, 10: 100, least: 0.5 }],
  HAProxy: [{ 1: 40, 10: 80, least: 0.5 }],
};

const suite: Suite = {
  title: 'Relays',
  about: 'How they were measured.',
  peers: ['HAProxy'],
  tables: [TABLE, GROWTH],
  run: async () => ({}),
};

export const RESULT: Result = {
  suite,
  recorded: {
    date: '2026-01-02',
    machine: 'a machine',
    versions: { HAProxy: '2.6.12' },
    tables: { 'relay-flood': FIGURES, growth: GROWN },
  },
};

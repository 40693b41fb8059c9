/**
 * The pictures as SVG, by ECharts, which needs no browser for it. It comes into the ignored cache
 * as the peers do: sixty megabytes that only who measures needs.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { peer } from './peers.js';
import type { Bar, BarPicture, LinePicture, OverviewPicture } from './pictures.js';

type Option = Readonly<Record<string, unknown>>;

/** What of ECharts is used. */
interface Library {
  init(element: null, theme: null, how: object): Chart;
}

interface Chart {
  setOption(option: Option): void;
  renderToSVGString(): string;
  dispose(): void;
}

export interface Pen {
  bars(picture: BarPicture): string;
  lines(picture: LinePicture): string;
  overview(picture: OverviewPicture): string;
}

const WIDTH = 840;
const INK = 'currentColor';
const OURS = '#3b82f6';
const THEIRS = '#8b949e';
const LESS = '#e0823d';

export async function pen(): Promise<Pen> {
  const library: Library = createRequire(join(await peer('echarts'), 'x.js'))('echarts');
  return {
    bars: (picture) => paint(library, picture.title, barHeight(picture), barOption(picture)),
    lines: (picture) => paint(library, picture.title, 340, lineOption(picture)),
    overview: (picture) =>
      paint(
        library,
        picture.title,
        OVERVIEW_TOP + 24 * picture.rows.length + 10,
        overviewOption(picture),
      ),
  };
}

/* ---- bars ---- */

const NAMES = 170;
const TOP = 76;
const ROW = 28;
/** Room for the figure behind the longest bar. */
const LABEL = 90;

function barHeight({ panels }: BarPicture): number {
  return TOP + ROW * (panels[0]?.bars.length ?? 0) + 12;
}

function barOption({ title, panels }: BarPicture): Option {
  const each = (WIDTH - NAMES) / panels.length;
  const left = (index: number) => NAMES + each * index;
  return {
    title: [heading(title), ...panels.map((panel, index) => caption(panel.title, left(index), 46))],
    grid: panels.map((_, index) => ({
      left: left(index),
      width: each - LABEL,
      top: TOP,
      bottom: 12,
    })),
    xAxis: panels.map((_, gridIndex) => ({ gridIndex, type: 'value', show: false, min: 0 })),
    yAxis: panels.map(({ bars }, gridIndex) => names(gridIndex, bars)),
    series: panels.map(({ bars }, index) => ({
      type: 'bar',
      xAxisIndex: index,
      yAxisIndex: index,
      barWidth: 16,
      data: bars.map(({ value, ours, label }) => ({
        value: value ?? '-',
        itemStyle: { color: ours ? OURS : THEIRS },
        label: { formatter: label },
      })),
      label: { show: true, position: 'right', color: INK, fontSize: 12 },
    })),
  };
}

function names(gridIndex: number, bars: readonly Bar[]): Option {
  const data = bars.map(({ name, ours }) => ({
    value: name,
    textStyle: { fontWeight: ours ? 'bold' : 'normal' },
  }));
  const axisLabel = { show: gridIndex === 0, color: INK, fontSize: 13 };
  const hidden = { axisLine: { show: false }, axisTick: { show: false } };
  return { gridIndex, type: 'category', inverse: true, data, axisLabel, ...hidden };
}

/* ---- lines ---- */

function lineOption({ title, across, unit, counts, lines }: LinePicture): Option {
  return {
    title: [heading(title), caption(unit, 16, 42)],
    grid: { left: 76, right: 120, top: 76, bottom: 56 },
    xAxis: {
      type: 'category',
      data: counts.map((count) => Number(count).toLocaleString('en')),
      name: across,
      nameLocation: 'middle',
      nameGap: 32,
      nameTextStyle: { color: INK },
      axisLabel: { color: INK },
      axisLine: { lineStyle: { color: THEIRS } },
    },
    yAxis: {
      type: 'value',
      min: 0,
      axisLabel: { color: INK },
      splitLine: { lineStyle: { color: THEIRS, opacity: 0.3 } },
    },
    series: lines.map(({ name, values, ours }) => ({
      type: 'line',
      name,
      data: values,
      symbol: 'circle',
      symbolSize: 8,
      color: ours ? OURS : THEIRS,
      lineStyle: { width: ours ? 3 : 2 },
      // Names that would lie on each other move apart.
      labelLayout: { moveOverlap: 'shiftY' },
      endLabel: { show: true, formatter: '{a}', color: INK, fontSize: 13 },
    })),
  };
}

/* ---- overview ---- */

const OVERVIEW_NAMES = 375;
const OVERVIEW_TOP = 66;

/** Distances from 1 on a logarithmic scale: twice and half are as far. */
function overviewOption({ title, rows }: OverviewPicture): Option {
  const powers = rows.map(({ value }) => Math.log2(value));
  const least = Math.min(...powers, -1);
  const most = Math.max(...powers, 1);
  const width = WIDTH - OVERVIEW_NAMES - LABEL;
  const one = OVERVIEW_NAMES + (width * -least) / (most - least);
  return {
    title: [heading(title), caption('1 ×', one - 6, 42)],
    grid: { left: OVERVIEW_NAMES, width, top: OVERVIEW_TOP, bottom: 10 },
    xAxis: { type: 'value', show: false, min: least, max: most },
    yAxis: {
      type: 'category',
      inverse: true,
      data: rows.map(({ name }) => name),
      // At the left of all bars, not at the line of 1 that they start from.
      axisLine: { show: false, onZero: false },
      axisTick: { show: false },
      axisLabel: { color: INK, fontSize: 12.5, margin: 50 },
    },
    series: [overviewBars(rows)],
  };
}

function overviewBars(rows: OverviewPicture['rows']): Option {
  return {
    type: 'bar',
    barWidth: 14,
    data: rows.map(({ value }) => ({
      value: Math.log2(value),
      itemStyle: { color: value >= 1 ? OURS : LESS },
      label: { formatter: `${value.toFixed(2)} ×`, position: value >= 1 ? 'right' : 'left' },
    })),
    label: { show: true, color: INK, fontSize: 12 },
    markLine: {
      silent: true,
      symbol: 'none',
      label: { show: false },
      lineStyle: { color: THEIRS, type: 'solid' },
      data: [{ xAxis: 0 }],
    },
  };
}

/* ---- all ---- */

function heading(text: string): Option {
  return { text, left: 10, top: 8, textStyle: { color: INK, fontSize: 17, fontWeight: 'bold' } };
}

function caption(text: string, left: number, top: number): Option {
  const textStyle = { color: INK, fontSize: 12, fontWeight: 'normal' };
  return { text, left: left - 5, top, textStyle };
}

function paint(library: Library, title: string, height: number, option: Option): string {
  const chart = library.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    const textStyle = { fontFamily: 'system-ui, -apple-system, sans-serif' };
    chart.setOption({ animation: false, textStyle, ...option });
    return onCard(chart.renderToSVGString(), title);
  } finally {
    chart.dispose();
  }
}

/** A card of its own, light or dark as the reader has it, so that text is legible anywhere. */
const CARD =
  '<style>svg{color:#1f2328}.card{fill:#fff;stroke:#d0d7de}' +
  '@media(prefers-color-scheme:dark){svg{color:#e6edf3}.card{fill:#0d1117;stroke:#30363d}}' +
  '</style><rect class="card" x="0.5" y="0.5" width="99.9%" height="99.5%" rx="8"/>';

/** ECharts' own background goes, and its marks for a browser. */
export function onCard(svg: string, title: string): string {
  const named = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return svg
    .replace(/<rect [^>]*fill="none"><\/rect>/, `<title>${named}</title>${CARD}`)
    .replace('<svg ', '<svg role="img" ')
    .replace(/ (ecmeta_\w+|class)="(?!card)[^"]*"/g, '')
    .replace(/<style ?>\s*<!\[CDATA\[[\s\S]*?<\/style>/, '')
    .replace(/\n*$/, '\n');
}

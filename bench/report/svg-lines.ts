import type { Plot, Series } from '../results.ts';
import { linearScale, logScale, type Scale } from './scale.ts';
import { AREA, COLOURS, line, round, short, text } from './svg-parts.ts';

/** Lines over a common x, with whiskers where a point has a spread. */
export function lineMarks({ series, xLabel, yLabel, logX = false, logY = false }: Plot): string[] {
  const points = series.flatMap((one) => one.points);
  const xs = points.map(({ x }) => x);
  const ys = points.flatMap(({ y, low = y, high = y }) => [y, low, high]).filter((y) => y > 0);
  const xScale = scaleOf(logX, xs, AREA.left, AREA.right);
  const yScale = scaleOf(logY, ys, AREA.bottom, AREA.top);
  return [
    ...yScale.ticks.flatMap((tick) => [
      line(AREA.left, yScale.at(tick), AREA.right, yScale.at(tick), '#ddd'),
      text(AREA.left - 8, yScale.at(tick) + 4, short(tick), 'end'),
    ]),
    ...xScale.ticks.map((tick) => text(xScale.at(tick), AREA.bottom + 16, short(tick), 'middle')),
    line(AREA.left, AREA.bottom, AREA.right, AREA.bottom),
    line(AREA.left, AREA.top, AREA.left, AREA.bottom),
    text((AREA.left + AREA.right) / 2, AREA.bottom + 36, xLabel, 'middle'),
    text(0, 0, yLabel, 'middle', ` transform="translate(20 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)"`),
    ...series.flatMap((one, n) => seriesMarks(one, xScale, yScale, COLOURS[n % COLOURS.length] ?? '#000')),
  ];
}

const scaleOf = (log: boolean, values: readonly number[], from: number, to: number): Scale =>
  log
    ? logScale(Math.min(...values), Math.max(...values), from, to)
    : linearScale(Math.max(...values), from, to);

/** More points than these are a curve: no dots. */
const MAX_DOTS = 20;

function seriesMarks({ points }: Series, xScale: Scale, yScale: Scale, colour: string): string[] {
  const path = points.map(({ x, y }) => `${round(xScale.at(x))},${round(yScale.at(y))}`).join(' ');
  const dots = points.length > MAX_DOTS ? [] : points;
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...dots.flatMap(({ x, y, low = y, high = y }) => [
      line(xScale.at(x), yScale.at(low), xScale.at(x), yScale.at(high), colour),
      `<circle cx="${round(xScale.at(x))}" cy="${round(yScale.at(y))}" r="3.5" fill="${colour}"/>`,
    ]),
  ];
}

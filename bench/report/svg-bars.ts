import type { Plot } from '../results.ts';
import { figure } from './numbers.ts';
import { linearScale } from './scale.ts';
import { AREA, COLOURS, line, round, short, text } from './svg-parts.ts';

/** Names need room: the bars lie. */
const LEFT = 300;

/** Lying bars from 0, one a name, each with its value and a whisker over its spread. */
export function barMarks({ names = [], series, yLabel }: Plot): string[] {
  const points = series[0]?.points ?? [];
  const scale = linearScale(
    Math.max(...points.map(({ y, high = y }) => Math.max(y, high))),
    LEFT,
    AREA.right - 20,
  );
  const step = (AREA.bottom - AREA.top) / Math.max(1, names.length);
  const axis = scale.ticks.flatMap((tick) => [
    line(scale.at(tick), AREA.top, scale.at(tick), AREA.bottom, '#ddd'),
    text(scale.at(tick), AREA.bottom + 16, short(tick), 'middle'),
  ]);
  const bars = points.flatMap(({ x, y, low = y, high = y }) => {
    const middle = AREA.top + (x + 0.5) * step;
    const height = Math.min(30, step * 0.6);
    return [
      `<rect x="${LEFT}" y="${round(middle - height / 2)}" width="${round(scale.at(y) - LEFT)}" height="${round(height)}" fill="${COLOURS[0]}"/>`,
      line(scale.at(low), middle, scale.at(high), middle, '#000'),
      text(LEFT - 8, middle + 4, names[x] ?? '', 'end'),
      text(LEFT + 6, middle + 4, figure(y), 'start', ' fill="#fff"'),
    ];
  });
  return [
    ...axis,
    ...bars,
    line(LEFT, AREA.top, LEFT, AREA.bottom),
    text((LEFT + AREA.right) / 2, AREA.bottom + 36, yLabel, 'middle'),
  ];
}

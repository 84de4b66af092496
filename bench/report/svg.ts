import type { Plot } from '../results.ts';
import { barMarks } from './svg-bars.ts';
import { lineMarks } from './svg-lines.ts';
import { COLOURS, escapeXml, HEIGHT, text, WIDTH } from './svg-parts.ts';

/** A plot as an SVG file that needs nothing else: no script, no font, its own background. */
export function plotSvg(plot: Plot): string {
  const marks = plot.form === 'bars' ? barMarks(plot) : lineMarks(plot);
  const height = HEIGHT + (plot.form === 'lines' ? plot.series.length * 18 : 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12" role="img">
<title>${escapeXml(plot.title)}</title>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
${text(WIDTH / 2, 22, plot.title, 'middle', ' font-size="15" font-weight="bold"')}
${marks.join('\n')}
${plot.form === 'lines' ? legend(plot).join('\n') : ''}
</svg>
`;
}

const legend = ({ series }: Plot): string[] =>
  series.map(({ name }, n) => {
    const y = HEIGHT + n * 18;
    const colour = COLOURS[n % COLOURS.length];
    return `<rect x="80" y="${y - 9}" width="14" height="10" fill="${colour}"/>${text(100, y, name)}`;
  });

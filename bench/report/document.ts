import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { CASES } from '../cases/cases.ts';
import type { CaseResult, Measure, Results } from '../results.ts';
import { formatFiles } from './format.ts';
import { middle, spread, verdict } from './numbers.ts';
import { plotSvg } from './svg.ts';

const DOCUMENT = new URL('../../docs/benchmarks.md', import.meta.url);
const PLOTS = new URL('../../docs/benchmarks/', import.meta.url);

/** Writes `docs/benchmarks.md` and its plots anew from the results: nothing in them is written by hand. */
export function writeDocument({ cases }: Results): void {
  const ordered = CASES.flatMap(({ name }) => cases.filter((result) => result.name === name));
  rmSync(PLOTS, { recursive: true, force: true });
  mkdirSync(PLOTS, { recursive: true });
  for (const plot of ordered.flatMap(({ plots }) => plots))
    writeFileSync(new URL(`${plot.name}.svg`, PLOTS), plotSvg(plot));
  writeFileSync(DOCUMENT, documentOf(ordered));
  formatFiles([DOCUMENT]);
}

const documentOf = (cases: readonly CaseResult[]): string => `# Benchmarks

Written by \`npm run bench\` from \`bench/results.json\`. Everything here was measured with the real program, each figure beside its reference
in the same run. Compare the ratios: absolute figures belong to one machine on one day. A value is the median of the repetitions, the spread
goes from the lowest to the highest.

## Ratios and targets

${table([...cases.flatMap(({ ratios, figures }) => [...ratios, ...figures.filter(({ target }) => target !== undefined)])])}
${cases.map(sectionOf).join('\n')}`;

const sectionOf = (result: CaseResult): string => {
  const { machine } = result;
  return `## ${result.title}

${result.method}

${table(result.figures)}
${result.plots.map(({ name, title }) => `![${title}](benchmarks/${name}.svg)\n`).join('\n')}
${result.notes.map((note) => `- ${note}\n`).join('')}- Taken ${result.takenAt.slice(0, 16)}Z in ${result.tookSeconds} s, ${result.sizes} sizes: Wharfinger ${machine.version}, Node ${machine.node}, Linux ${machine.kernel}, ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.fileSystem}. ${load(result)}
- Durability: ${machine.durability}.
`;
};

const load = ({ machine: { loadBefore, cores } }: CaseResult): string =>
  `Load before: ${loadBefore.toFixed(1)}${loadBefore > cores / 2 ? ', so others used the machine as well' : ''}.`;

function table(measures: readonly Measure[]): string {
  const rows = measures.map((measure) => [
    measure.what,
    `${middle(measure)} ${measure.unit}`,
    spread(measure),
    verdict(measure),
  ]);
  const head = ['what', 'median', 'spread', 'target'];
  const lines = [head, head.map(() => '---'), ...rows];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

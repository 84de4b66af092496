import cliProgress, { type Options } from 'cli-progress';

// CommonJS: no named imports.
const { Format, Presets } = cliProgress;

const BAR_COLUMNS = 30;
const NARROW_BAR_COLUMNS = 10;
const NARROW_COLUMNS = 80;

/** A bar for a terminal of a width, `share` of it full. cli-progress draws it; its own terminal handling would not know of our log lines. */
export function drawBar(share: number, width: number): string {
  const columns = width < NARROW_COLUMNS ? NARROW_BAR_COLUMNS : BAR_COLUMNS;
  const { barCompleteChar = '=', barIncompleteChar = '-' } = Presets.shades_classic;
  const options: Options = {
    barsize: columns,
    barCompleteString: barCompleteChar.repeat(columns),
    barIncompleteString: barIncompleteChar.repeat(columns),
    barGlue: '',
  };
  return Format.BarFormat(share, options);
}

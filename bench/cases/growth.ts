import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import { makeSmallFiles, syncFileSystemOf } from '../files.ts';
import { runOnce, WORKERS } from '../once-run.ts';
import { type Places, placesIn } from '../program.ts';
import { summary } from '../report/bars.ts';
import { sized } from '../sizes.ts';
import { fillLedger } from '../state-rows.ts';
import { netRates } from '../statistics.ts';

const ROWS = { quick: [0, 50_000], usual: [0, 1_000_000], full: [0, 1_000_000, 5_000_000] };
const FILES = { quick: 3_000, usual: 50_000 };

/** Whether the program slows down with what it has taken before. */
export const growth: BenchCase = {
  name: 'growth',
  title: 'A ledger that has grown',
  method:
    `Files of 2 KiB, all of new content, taken by \`wharfinger start --once\` with ${WORKERS} workers into state files whose ledger holds so many rows, inserted ` +
    'beforehand by SQL. Turn about in each repetition; the start-up of the same state file, a run on an empty input, is subtracted.',
  async run({ sizes, directory, repetitions, say }) {
    const files = sized(sizes, FILES);
    const rowCounts = sized(sizes, ROWS);
    const states: { rows: number; places: Places; took: number[]; startUps: number[] }[] = [];
    for (const rows of rowCounts) {
      const places = placesIn(join(directory, String(rows)));
      await runOnce(places, 0);
      say(`${rows} rows`);
      fillLedger(places.statePath, rows);
      states.push({ rows, places, took: [], startUps: [] });
    }
    syncFileSystemOf(directory);
    for (let n = 0; n < repetitions; n++) {
      say(`repetition ${n + 1} of ${repetitions}, ${files} files each`);
      for (const { places, took, startUps } of n % 2 === 0 ? states : states.toReversed()) {
        const startUp = (await runOnce(places, 0)).seconds;
        makeSmallFiles(places.input, files);
        const { seconds } = await runOnce(places, files);
        startUps.push(startUp);
        took.push(seconds);
        // Not the mark beside them, which says that the warehouse is mounted.
        for (const partition of globSync('ingest_date=*', { cwd: places.warehouse }))
          rmSync(join(places.warehouse, partition), { recursive: true });
      }
    }
    const results = states.map(({ rows, took, startUps }) => ({
      rows,
      startUps,
      rates: netRates(files, took, startUps),
    }));
    const empty = results[0]?.rates ?? [];
    return {
      ratios: results.slice(1).map(({ rows, rates }) => ({
        what: `speed with ${rows.toLocaleString('en-US')} rows in the ledger over that with none`,
        unit: 'x',
        values: rates.map((rate, n) => rate / (empty[n] ?? Number.NaN)),
        target: { atLeast: 0.8 },
      })),
      figures: results.flatMap(({ rows, rates, startUps }) => [
        { what: `${rows.toLocaleString('en-US')} rows`, unit: 'files/s', values: rates },
        { what: `${rows.toLocaleString('en-US')} rows, start-up`, unit: 's', values: startUps },
      ]),
      plots: [
        {
          name: 'growth',
          title: 'Speed by the number of rows in the ledger',
          form: 'lines',
          xLabel: 'rows in the ledger',
          yLabel: 'files/s',
          series: [
            {
              name: 'files of 2 KiB',
              points: results.map(({ rows, rates }) => ({ x: rows, ...summary(rates) })),
            },
          ],
        },
      ],
      notes: [`${files} files a run, in ${repetitions} repetitions, which add to the ledger themselves.`],
    };
  },
};

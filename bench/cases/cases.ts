import type { BenchCase } from '../case.ts';
import { archives } from './archives.ts';
import { archivesGrown } from './archives-grown.ts';
import { growth } from './growth.ts';
import { idle } from './idle.ts';
import { largeFiles } from './large-files.ts';
import { latency } from './latency.ts';
import { million } from './million.ts';
import { movers } from './movers.ts';
import { queue } from './queue.ts';
import { smallFiles } from './small-files.ts';
import { tables } from './tables.ts';
import { uploads } from './uploads.ts';

/** In the order of the report. */
export const CASES: readonly BenchCase[] = [
  smallFiles,
  movers,
  largeFiles,
  queue,
  latency,
  growth,
  idle,
  million,
  uploads,
  tables,
  archives,
  archivesGrown,
];

import { test } from 'node:test';
import type { ArchiveCrashPoint } from '../../shared/archives/contract.ts';
import { needs, surviveAPowerCutAt } from './archives-power-cut.ts';

for (const point of [
  'scavenge.leased',
  'scavenge.fenced',
  'scavenge.taken',
  'scavenge.written',
  'scavenge.before-rename',
  'scavenge.renamed',
  'scavenge.published',
  'scavenge.indexed',
  'scavenge.removed',
] as const satisfies readonly ArchiveCrashPoint[]) {
  test(`a power cut at ${point} loses nothing and doubles nothing`, needs, (t) =>
    surviveAPowerCutAt(t, point),
  );
}

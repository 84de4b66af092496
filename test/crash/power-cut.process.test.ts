import { test } from 'node:test';
import type { CrashPoint } from '../../shared/crash-points.ts';
import { cannotMount } from '../support/mounts.ts';
import { surviveAPowerCutAt } from './power-cut.ts';

const SOME_POINTS: readonly CrashPoint[] = [
  'place.renamed',
  'place.directories-durable',
  'commit.lines-written',
  'commit.committed',
];

for (const point of SOME_POINTS) {
  test(`a power cut at ${point} loses nothing and doubles nothing`, {
    skip: cannotMount() ?? false,
  }, async (t) => {
    await surviveAPowerCutAt(t, point);
  });
}

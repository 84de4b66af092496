import { test } from 'node:test';
import { cannotMount } from '../support/mounts.ts';
import { surviveAPowerCutAt } from './power-cut.ts';
import { SCENARIOS } from './scenarios.ts';

/** Those that a plain run on one file system passes. */
const points = SCENARIOS.renamed?.points.filter((point) => point !== 'place.destination-moved') ?? [];

for (const point of points) {
  test(`a power cut at ${point} loses nothing and doubles nothing`, {
    skip: cannotMount() ?? false,
  }, async (t) => {
    await surviveAPowerCutAt(t, point);
  });
}

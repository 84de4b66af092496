import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { operations } from '../../support/queue-operations.ts';
import { QueuePlay } from '../../support/queue-play.ts';
import { tempDir } from '../../support/temp.ts';

/** A failure prints its seed and path. `QUEUE_SEED=… QUEUE_PATH=…` plays that one again, `QUEUE_RUNS=…` plays more. */
const { QUEUE_SEED: seed, QUEUE_PATH: path, QUEUE_RUNS: runs } = process.env;

test('whatever several holders do, the queue is what docs/design.md says it is', (t) => {
  const file = join(tempDir(t), 'state.db');
  fc.assert(
    fc.property(operations, (sequence) => {
      const play = new QueuePlay(file);
      try {
        for (const operation of sequence) play.play(operation);
      } finally {
        play.close();
      }
    }),
    {
      numRuns: Number(runs ?? 150),
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(path === undefined ? {} : { path }),
    },
  );
});

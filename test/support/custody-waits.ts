import assert from 'node:assert/strict';
import type { Custody } from './custody.ts';

/**
 * Offers two files whose place refuses for as long as this lasts, and sees them wait: delayed, uncharged, with the reason, which is said
 * once in the log however often they are tried again.
 *
 * @returns their contents
 */
export async function assertWaits(custody: Custody, reason: RegExp): Promise<string[]> {
  const { hand } = custody;
  custody.offer('a', 'content of a');
  custody.offer('b', 'content of b');
  for (let round = 0; round < 3; round += 1) {
    await hand.step();
    const jobs = custody.records.jobs();
    assert.deepEqual(
      jobs.map((job) => [job.state, job.attempts]),
      [
        ['delayed', 0],
        ['delayed', 0],
      ],
    );
    for (const job of jobs) assert.match(job.reason ?? '', reason);
    hand.clock.forward(40_000);
  }
  const [said, ...again] = hand.said('place.refused');
  assert.deepEqual(again, []);
  assert.match(said?.msg ?? '', /the files wait where they are and go on by themselves when it is mended$/);
  assert.deepEqual(hand.said('file.failed'), []);
  return ['content of a', 'content of b'];
}

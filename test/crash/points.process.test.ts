import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CRASH_POINTS } from '../../shared/crash-points.ts';
import { SCENARIOS } from './scenarios.ts';

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  for (const point of scenario.points) {
    test(`a process killed at ${point} (${name}) loses nothing and doubles nothing`, async (t) => {
      const wharf = await scenario.prepare(t);
      const died = join(wharf.root, 'died');
      await scenario.run(wharf, { WHARFINGER_CRASH_AT: point, WHARFINGER_CRASH_ONCE: died });
      assert.ok(existsSync(died), `${point} was reached`);
      const last = await wharf.once();
      assert.equal(last.code, 0, last.stderr);
      await wharf.assertAllLandedOnce();
    });
  }
}

test('every crash point belongs to a scenario, and is reached in it', async (t) => {
  const reached = new Set<string>();
  for (const scenario of Object.values(SCENARIOS)) {
    const wharf = await scenario.prepare(t);
    const trace = join(wharf.root, 'trace');
    await scenario.run(wharf, { WHARFINGER_CRASH_TRACE: trace });
    for (const point of readFileSync(trace, 'utf8').split('\n'))
      if (scenario.points.some((own) => own === point)) reached.add(point);
  }
  assert.deepEqual([...reached].sort(), [...CRASH_POINTS].sort());
});

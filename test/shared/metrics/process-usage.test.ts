import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forgetUsage, sampleUsage } from '../../../shared/metrics/process-usage.ts';

/** Above the kernel's largest process id. */
const NOBODY = 4_194_305;

test('a process that is gone is left out, also when it is the only one', async (t) => {
  t.after(forgetUsage);
  const us = { name: 'us', pid: process.pid };
  const gone = { name: 'gone', pid: NOBODY };
  const [usage, ...others] = await sampleUsage([us, gone]);
  assert.deepEqual(others, []);
  assert.equal(usage?.name, 'us');
  assert.ok(Math.abs(Number(usage?.rss) / process.memoryUsage.rss() - 1) < 0.5);
  assert.deepEqual(await sampleUsage([gone]), []);
  assert.deepEqual(await sampleUsage([]), []);
});

test('from the second sample on the processor time in between is told', async (t) => {
  t.after(forgetUsage);
  const us = [{ name: 'us', pid: process.pid }];
  await sampleUsage(us);
  const before = process.cpuUsage();
  while (process.cpuUsage(before).user < 100_000);
  const [usage] = await sampleUsage(us);
  assert.ok(Number(usage?.cpu) > 0, `${usage?.cpu} %`);
});

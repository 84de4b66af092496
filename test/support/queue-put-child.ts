/** `node queue-put-child.ts STORE PATH COUNT`: puts tasks, notes how many were acknowledged, and is killed in the last acknowledgement. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { childStores, type StoreName } from './queue-child-store.ts';
import { answer } from './queue-store.ts';

const [, , name = '', path = '', count = ''] = process.argv;
const [store] = childStores(name as StoreName, path).stores;
assert.ok(store);
await answer<number>((cb) => store.connect(cb));
let acknowledged = 0;
for (let n = 0; n < Number(count); n++) {
  store.putTask(`task ${n}`, { n }, 0, (error) => {
    assert.ok(error === undefined || error === null);
    acknowledged += 1;
    if (acknowledged < Number(count)) return;
    writeFileSync(`${path}.acknowledged`, String(acknowledged));
    process.kill(process.pid, 'SIGKILL');
  });
}

import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';
import { sha256Of } from '../support/wharf.ts';

const swift = swiftOfFile();

test(
  'a file that is written to while its worker dies right after it was moved stays one stay, and is sent as it is in the end',
  needsSwift,
  async (t) => {
    const pier = await Pier.make(t, swift());
    const [died, pause] = [join(pier.root, 'died'), join(pier.root, 'pause')];
    const source = pier.drop('a.txt', 'first');
    await using program = pier.serve(
      {
        WHARFINGER_PAUSE_AT: 'upload.recorded',
        WHARFINGER_PAUSE_FILE: pause,
        WHARFINGER_CRASH_AT: 'upload.moved-in',
        WHARFINGER_CRASH_ONCE: died,
      },
      ...['--workers', '1'],
    );
    await pier.until('it is in hand', () => existsSync(pause));
    const fd = openSync(source, 'a');
    rmSync(pause);
    await program.waitFor('worker.died');
    assert.ok(existsSync(died));
    await pier.until('it waits for its writer', () =>
      pier.jobs().some(({ reason }) => reason === 'a program has it open for writing'),
    );
    writeSync(fd, ' and second');
    closeSync(fd);
    pier.put.set('a.txt', sha256Of('first and second'));
    await pier.until('it is uploaded', () => pier.files('completed').length === 1);
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(
      pier.records().map(({ current_state, attempt }) => [current_state, attempt]),
      [['completed', 1]],
    );
    await pier.assertAllUploadedOnce();
  },
);

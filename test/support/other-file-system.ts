import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fromText } from '../../shared/fs/byte-path.ts';
import { Custody, type CustodyOptions } from './custody.ts';

const MEMORY = '/dev/shm';

const isThere =
  statSync(MEMORY, { throwIfNoEntry: false }) !== undefined &&
  statSync(MEMORY).dev !== statSync(tmpdir()).dev;

/** Options of a test that needs a second file system. */
export const acrossFileSystems = { skip: isThere ? false : 'there is one file system only' };

/** Custody with its warehouse on another file system than its input. */
export function custodyAcross(context: TestContext, options: CustodyOptions = {}): Custody {
  const directory = mkdtempSync(join(MEMORY, 'wharfinger-test-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return new Custody(context, { warehouse: fromText(directory), ...options });
}

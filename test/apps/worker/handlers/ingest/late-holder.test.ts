import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Directories } from '../../../../../apps/worker/directories.ts';
import { Fence } from '../../../../../apps/worker/fence.ts';
import { finishCopy } from '../../../../../apps/worker/handlers/ingest/copy-across.ts';
import type { DecidedFile } from '../../../../../apps/worker/handlers/ingest/custody.ts';
import { placeFile } from '../../../../../apps/worker/handlers/ingest/place.ts';
import type { PlaceContext } from '../../../../../apps/worker/handlers/ingest/place-context.ts';
import { putBack } from '../../../../../apps/worker/handlers/ingest/put-back.ts';
import { resumeFile } from '../../../../../apps/worker/handlers/ingest/resume.ts';
import { IngestStore } from '../../../../../apps/worker/handlers/ingest/store.ts';
import { discardCopy } from '../../../../../apps/worker/handlers/ingest/take-away.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { noCrashPoints } from '../../../../../shared/crash-points.ts';
import { LeaseLostError } from '../../../../../shared/errors.ts';
import { type BytePath, toBytes } from '../../../../../shared/fs/byte-path.ts';
import type { Custody } from '../../../../support/custody.ts';
import { acrossFileSystems, custodyAcross } from '../../../../support/other-file-system.ts';

type Late = { custody: Custody; file: DecidedFile; context: PlaceContext; destination: BytePath };

/**
 * A holder that was frozen right after it had published its copy, and wakes when another one has finished the file, committed it, and
 * a new file has come under the old name.
 */
async function wakeLate(t: TestContext): Promise<Late> {
  const custody = custodyAcross(t);
  const path = custody.offer('a', 'content');
  const { hand } = custody;
  const store = new IngestStore(hand.state);
  const fd = openSync(toBytes(path), 'r');
  t.after(() => closeSync(fd));
  const [job] = await hand.dieAt('copy.renamed');
  const inFlight = job === undefined ? undefined : store.inFlightOf(job.id);
  const route = store.routes.byId(custody.routeId);
  assert.ok(job !== undefined && inFlight?.type === 'original' && route !== undefined);
  await custody.recover();
  custody.drop('a', 'the next file');

  const { destination } = inFlight.row;
  const context = {
    store,
    directories: new Directories(),
    fence: new Fence(store, systemClock),
    crash: noCrashPoints,
    signal: new AbortController().signal,
  };
  const file = { job, route, fd, content: inFlight.row, inFlight, sidecar: undefined };
  return { custody, file, context, destination };
}

const meddling = { waitsFor: 'stability', why: 'a test' } as const;

const LATE_DEEDS: Record<string, (late: Late) => unknown> = {
  'finish its copy': ({ file, context }) => finishCopy(file, context),
  'discard its copy': ({ file, context }) => discardCopy(file, context),
  'place the file': ({ file, context }) => placeFile(file, context),
  'put the file back': ({ file, context, destination }) => putBack(file, destination, meddling, context),
  'resume the file': ({ file, context }) => resumeFile(file, file.inFlight, context),
};

for (const [what, deed] of Object.entries(LATE_DEEDS)) {
  test(
    `a holder that wakes too late to ${what} touches neither what is committed nor what is new`,
    acrossFileSystems,
    async (t) => {
      const late = await wakeLate(t);
      await assert.rejects(async () => await deed(late), LeaseLostError);
      assert.ok(existsSync(toBytes(late.destination)));
      assert.deepEqual(late.custody.left(), ['a']);
      await late.custody.assertSound(['content']);
    },
  );
}

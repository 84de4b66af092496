import assert from 'node:assert/strict';
import { unlinkSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assertAllThere } from '../soak/archives/assert-all-there.ts';
import { Hand } from '../soak/archives/hand.ts';
import { cannotHaveHosts, Host } from '../soak/archives/host.ts';
import type { Noted } from '../soak/archives/journal.ts';
import { leaseInForce } from '../soak/archives/lease.ts';
import { OpenHand } from '../soak/archives/open-hand.ts';
import { Player } from '../soak/archives/player.ts';
import { cannotReadArchives } from '../soak/archives/read-archives.ts';
import { tempDir } from '../support/temp.ts';
import { created } from './scenarios.ts';

const needs = { skip: cannotHaveHosts() ?? cannotReadArchives() ?? false };
const BIN = fileURLToPath(new URL('../../bin/wharfinger.js', import.meta.url));
/** Another host is silent after twice that. */
const ROTATE_SECONDS = 0.5;
const SILENT_MS = 2 * ROTATE_SECONDS * 1000 + 300;

async function scene(t: TestContext): Promise<{ base: string; here: Host; other: Host }> {
  const base = join(tempDir(t), 'archives');
  await mkdir(base);
  const other = await Host.other('harwich', base);
  t.after(() => other[Symbol.asyncDispose]());
  return { base, here: Host.here(), other };
}

const staged = (base: string): Promise<string[]> => readdir(join(base, 'inbox'));

function scavenge(host: Host, base: string, env: NodeJS.ProcessEnv = {}): Player {
  const args = [BIN, 'archive', 'scavenge', base, '--rotate-seconds', `${ROTATE_SECONDS}`, '--json'];
  return new Player('scavenger', 'scavenger', host, host.start(process.execPath, args, env), () => undefined);
}

test(
  'a writer of this host that only sleeps keeps its staging archive, one of another host is taken for dead',
  needs,
  async (t) => {
    const { base, here, other } = await scene(t);
    await using ours = await OpenHand.start(here, base, 'ours');
    await using theirs = await OpenHand.start(other, base, 'theirs');
    for (const hand of [ours, theirs]) hand.signal('SIGSTOP');
    // Time itself is what is tested: nothing tells when a silence is long enough.
    await delay(SILENT_MS);
    const { code, stdout } = await scavenge(here, base).ended;
    assert.equal(code, 0);
    assert.deepEqual([JSON.parse(stdout).members, JSON.parse(stdout).still_open], [1, 1]);
    const [left = '', ...more] = await staged(base);
    assert.deepEqual(more, []);

    // What it deposits when it wakes goes elsewhere; the file that it still has open is another's.
    theirs.deposit('when it woke up');
    theirs.signal('SIGCONT');
    await theirs.acknowledged();
    assert.equal((await staged(base)).filter((name) => name !== left).length, 1);
    for (const hand of [ours, theirs]) await hand.kill();
    await delay(SILENT_MS);
    assert.equal((await scavenge(here, base).ended).code, 0);
    await assertAllThere(base, [...ours.noted, ...theirs.noted]);
  },
);

async function depositTen(base: string, noted: Noted[]): Promise<void> {
  await using hand = await Hand.open(base, noted);
  for (let n = 0; n < 10; n++) await hand.deposit('ar.zip', `d/${n}`, `content ${n}`);
}

test(
  'of two hosts one collects; when its lease ends while it sleeps, the other does, and what the sleeper wrote is published nowhere',
  needs,
  async (t) => {
    const { base, here, other } = await scene(t);
    await using hand = await Hand.open(base);
    await hand.deposit('ar.zip', 'd/first', 'first');
    await hand[Symbol.asyncDispose]();
    assert.equal((await scavenge(here, base).ended).code, 0);
    await depositTen(base, hand.noted);

    const outside = tempDir(t);
    const pauseFile = join(outside, 'paused');
    const sleeper = scavenge(other, base, {
      WHARFINGER_PAUSE_AT: 'scavenge.before-rename',
      WHARFINGER_PAUSE_FILE: pauseFile,
    });
    t.after(() => sleeper.kill());
    await created(outside, pauseFile);
    const refused = await scavenge(here, base).ended;
    assert.equal(refused.code, 0);
    assert.match(JSON.parse(refused.stdout).held_by, /^harwich /);
    assert.equal((await staged(base)).length, 1);

    // What the next one sees when a minute has gone by.
    const lease = leaseInForce(base);
    assert.ok(lease !== undefined);
    writeFileSync(join(lease.directory, 'released'), '');
    const collected = await scavenge(here, base).ended;
    assert.equal(JSON.parse(collected.stdout).members, 10);

    await using second = await Hand.open(base, hand.noted);
    await second.deposit('ar.zip', 'd/later', 'later');
    await second[Symbol.asyncDispose]();
    assert.equal((await scavenge(here, base).ended).code, 0);
    unlinkSync(pauseFile);
    const late = await sleeper.ended;
    assert.equal(late.code, 5, late.stderr);
    assert.match(late.stderr, /lease/);
    await assertAllThere(base, hand.noted);
  },
);

test('a host that is gone with a scavenger and a writer on it holds up nobody for ever', needs, async (t) => {
  const { base, here, other } = await scene(t);
  await using theirs = await OpenHand.start(other, base, 'theirs');
  const outside = tempDir(t);
  const pauseFile = join(outside, 'paused');
  await using hand = await Hand.open(base, theirs.noted);
  await hand.deposit('ar.zip', 'ours', 'ours');
  await hand[Symbol.asyncDispose]();
  scavenge(other, base, { WHARFINGER_PAUSE_AT: 'scavenge.written', WHARFINGER_PAUSE_FILE: pauseFile });
  await created(outside, pauseFile);
  await other[Symbol.asyncDispose]();
  // A minute of silence, really.
  for (;;) {
    const { stdout, code } = await scavenge(here, base).ended;
    assert.equal(code, 0);
    if (JSON.parse(stdout).held_by === null) break;
    await delay(1000);
  }
  await assertAllThere(base, hand.noted);
});

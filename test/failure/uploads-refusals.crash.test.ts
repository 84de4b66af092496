import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import { resetAtOnce } from '../support/object-store/faults.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { needsOpenssl, startTlsProxy } from '../support/object-store/tls-proxy.ts';
import { Pier } from '../support/pier.ts';

const swift = swiftOfFile();

const needsBoth = { skip: needsSwift.skip === false ? needsOpenssl.skip : needsSwift.skip };

test(
  'what no waiting mends fails its files at once, with the reason, and no secret is told',
  needsBoth,
  async (t) => {
    const selfSigned = await startTlsProxy(t, swift().url, { certificate: 'self-signed' });
    const wrongHost = await startTlsProxy(t, swift().url, { certificate: 'wrong-host' });
    const plain = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), swift().url);
    const secret = 'a-secret-that-is-wrong-and-secret-still';
    pier.addProfile('unsigned', selfSigned.url);
    pier.addProfile('elsewhere', wrongHost.url);
    pier.addProfile('plain', plain.url.replace('http:', 'https:'));
    pier.addProfile('mistyped', plain.url, { aws_secret_access_key: secret });
    const reasons = {
      unsigned: /the certificate of the server is not to be trusted \(DEPTH_ZERO_SELF_SIGNED_CERT/,
      elsewhere: /the certificate of the server is for another host \(ERR_TLS_CERT_ALTNAME_INVALID/,
      plain: /the server does not speak TLS/,
      mistyped: /the server does not accept the access key or its secret.*\(SignatureDoesNotMatch, 403\)/,
    };
    for (const profile of Object.keys(reasons)) pier.drop('a.txt', profile, pier.bucket, profile);
    // Large enough to be asked for first, which is a HEAD, whose answer has no body and no code.
    pier.drop('large.bin', Buffer.alloc(2 * 1024 * 1024), pier.bucket, 'mistyped');
    pier.drop('b.txt', 'goes on');
    const run = await pier.once({ NODE_EXTRA_CA_CERTS: wrongHost.certificateFile });
    assert.equal(run.code, 3, run.stderr);
    for (const [profile, reason] of Object.entries(reasons)) {
      const [record] = pier.records().filter((each) => each.profile === profile && each.filepath === 'a.txt');
      assert.deepEqual([record?.current_state, record?.retries], ['failed', 0], profile);
      assert.match(record?.reason ?? '', reason);
      assert.ok(pier.files('failed', pier.bucket, profile).includes('a.txt'), profile);
    }
    assert.deepEqual(pier.files('failed', pier.bucket, 'mistyped'), ['a.txt', 'large.bin']);
    assert.deepEqual(
      pier.attempts().map(({ number }) => number),
      Array(6).fill(1),
      'one attempt a file',
    );
    assert.deepEqual(pier.files('completed'), ['b.txt']);
    for (const hidden of [secret, swift().secretAccessKey]) {
      assert.ok(!run.stderr.includes(hidden) && !run.stdout.includes(hidden), 'the log');
      for (const file of [pier.state, `${pier.state}-wal`])
        assert.ok(!readIfThere(file).includes(hidden), `the state file ${file}`);
    }
  },
);

test(
  'a secret that was mended sends the files that are asked for again, without a restart',
  needsSwift,
  async (t) => {
    const pier = await Pier.make(t, swift());
    pier.reachBy(swift().url, { aws_secret_access_key: 'mistyped' });
    pier.drop('a.txt', 'a');
    await using program = pier.serve();
    await program.waitFor('file.failed');
    assert.deepEqual(pier.files('failed'), ['a.txt']);
    pier.reachBy(swift().url);
    await pier.queue('retry', '--failed');
    await pier.until('it is uploaded', () => pier.files('completed').length === 1);
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(
      pier.records().map(({ attempt, current_state }) => [attempt, current_state]),
      [
        [1, 'failed'],
        [2, 'completed'],
      ],
    );
    await pier.assertAllUploadedOnce();
  },
);

test(
  'a key that is revoked while files are sent fails what is large too, and is asked for anew once it is mended',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    pier.drop('before.txt', 'before');
    await using program = pier.serve({}, '--workers', '1', '--retry-seconds', '0.05');
    await pier.until('it is uploaded', () => pier.files('completed').length === 1);
    pier.reachBy(proxy.url, { aws_secret_access_key: 'revoked' });
    // Who refuses may cut the connection before all of a body has come, and that alone looks like a fault of the network.
    proxy.fail({ method: 'PUT', path: /\/large\.bin\?/ }, resetAtOnce);
    pier.drop('large.bin', Buffer.alloc(5 * 1024 * 1024, 'x'));
    pier.drop('small.txt', 'small');
    await pier.until('both have failed', () => pier.files('failed').length === 2);
    assert.equal(
      pier.attempts('large.bin').length,
      6,
      'five were cut before the key was asked for by itself',
    );
    await proxy.restore();
    for (const { filepath, reason } of pier.records().slice(1))
      assert.match(reason ?? '', /\(SignatureDoesNotMatch, 403\)$/, filepath);
    pier.reachBy(proxy.url);
    await pier.queue('retry', '--failed');
    await pier.until('all are uploaded', () => pier.files('completed').length === 3);
    assert.equal((await program.stop()).code, 0);
    await pier.assertAllUploadedOnce();
  },
);

test(
  'a host without an address closes its bucket, and its files go on when the profile is mended',
  needsSwift,
  async (t) => {
    const pier = await Pier.make(t, swift(), 'http://no-such-host.invalid');
    pier.addProfile('near', swift().url);
    const near = await swift().makeBucket();
    pier.drop('far.txt', 'far');
    pier.drop('near.txt', 'near', near, 'near');
    await using program = pier.serve({}, '--workers', '1');
    const { reason } = await program.waitFor('bucket.closed');
    assert.match(String(reason), /ENOTFOUND|EAI_AGAIN/);
    await pier.until('the other goes on', () => pier.files('completed', near, 'near').length === 1);
    assert.deepEqual(pier.files('incoming'), ['far.txt']);
    assert.deepEqual(pier.attempts('far.txt'), []);
    pier.reachBy(swift().url);
    await pier.until('it goes on', () => pier.files('completed').length === 1);
    assert.equal((await program.stop()).code, 0);
    await pier.assertAllUploadedOnce();
  },
);

test(
  'files of a missing bucket stay in incoming, said once, and go on at once when a person has made it',
  needsSwift,
  async (t) => {
    const pier = await Pier.make(t, swift());
    const missing = `${pier.bucket}-later`;
    for (let n = 0; n < 3; n++) pier.drop(`${n}.txt`, `${n}`, missing);
    pier.drop('there.txt', 'there');
    await using program = pier.serve({}, '--workers', '1');
    const { reason } = await program.waitFor('bucket.closed');
    assert.equal(reason, `there is no bucket ${missing} at profile lab; make it`);
    await pier.until('the other bucket goes on', () => pier.files('completed').length === 1);
    pier.drop('3.txt', '3', missing);
    await pier.until('all wait', () => pier.jobs().filter(({ state }) => state === 'delayed').length === 4);
    assert.equal(pier.files('incoming', missing).length, 4);
    await swift().makeBucket(missing);
    await pier.queue('retry', '--delayed');
    await pier.until('they go on', () => pier.files('completed', missing).length === 4);
    assert.equal((await program.stop()).code, 0);
    assert.equal(program.log.filter(({ event }) => event === 'bucket.closed').length, 1);
    const states = pier.read<{ state: string }>(`
    SELECT state FROM file_states JOIN file_records ON file_records.id = record_id WHERE filepath = '0.txt' ORDER BY file_states.rowid`);
    assert.deepEqual(
      states.map(({ state }) => state),
      ['incoming', 'processing', 'completed'],
    );
    await pier.assertAllUploadedOnce();
  },
);

test(
  'a bucket that is taken away while its files are sent keeps them, at no charge, until it is there again',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    const missing = `${pier.bucket}-later`;
    await swift().makeBucket(missing);
    pier.drop('a.txt', 'a', missing);
    const pause = proxy.pauseAt({ method: 'PUT', path: /\/a\.txt\?/ });
    await using program = pier.serve({}, '--workers', '1');
    await pause.reached;
    await swift()
      .client()
      .send(new DeleteBucketCommand({ Bucket: missing }));
    pause.release();
    await program.waitFor('bucket.closed');
    await pier.until('it waits', () => pier.jobs().every(({ state }) => state === 'delayed'));
    assert.deepEqual(
      pier.records().map(({ retries, current_state }) => [retries, current_state]),
      [[0, 'processing']],
    );
    await swift().makeBucket(missing);
    await pier.queue('retry', '--delayed');
    await pier.until('it goes on', () => pier.files('completed', missing).length === 1);
    assert.equal((await program.stop()).code, 0);
  },
);

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, type SuiteContext, type TestContext } from 'node:test';
import { S3Client } from '@aws-sdk/client-s3';
import { SwiftContents } from './swift-contents.ts';

// Debian's own, which has Debian's modules; another one may come first in the PATH.
const PYTHON = '/usr/bin/python3';
const LAUNCHER = join(import.meta.dirname, 'swift-server.py');
const ACCESS = { accessKeyId: 'test:admin', secretAccessKey: 'swift-secret-of-tests', region: 'us-east-1' };

export type Swift = {
  url: string;
  /** Of its processes; the proxy is the one that takes requests. */
  pids: Record<'account' | 'container' | 'object' | 'proxy', number>;
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
  /** A file in AWS syntax with the profile `lab`, for programs that read one; mode 0600. */
  credentialsFile: string;
  /** The client of the server's administrator, for the test's own look at it; one for all. */
  client(): S3Client;
  makeBucket(name?: string): Promise<string>;
  /** All objects of a bucket, in the order of their keys. */
  objects(bucket: string): Promise<{ key: string; sizeBytes: number }[]>;
  read(bucket: string, key: string): Promise<Buffer>;
  /** The multipart uploads of a bucket that were neither completed nor aborted. */
  uploads(bucket: string): Promise<{ key: string; uploadId: string }[]>;
  /** Stops the process that takes requests: connections are accepted by the kernel, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Returns when none of its processes is left, nor anything on disk; may be called twice. */
  stop(): Promise<void>;
};

/** Options of a test, or of a suite, that needs the server. */
export const needsSwift: { skip: string | false } = { skip: cannotStart() };

/** One server for all tests of a file, which calls this where it begins. Where there can be none, its tests are skipped by `needsSwift`. */
export function swiftOfFile(): () => Swift {
  let swift: Swift | undefined;
  before(async (context) => {
    if (needsSwift.skip === false) swift = await startSwift(context);
  });
  return () => {
    if (swift === undefined) throw new Error('the Swift server runs while tests do, where there is one');
    return swift;
  };
}

/**
 * Starts an OpenStack Swift with its S3 interface on the loopback, which checks signatures as a provider does. It takes between one and
 * two seconds. It ends after the test whose context this is, or with the file whose `before` hook it is, and with this process in any case.
 */
export async function startSwift(context: TestContext | SuiteContext): Promise<Swift> {
  // Neither has a suite's hook a context with it, nor does the function `after` reach beyond the hook that calls it.
  if (!('after' in context))
    throw new Error('start the Swift server in a test, or in a hook outside of suites');
  const directory = mkdtempSync(join(tmpdir(), 'wharfinger-swift-'));
  const { accessKeyId, secretAccessKey, region } = ACCESS;
  const child = spawn(
    PYTHON,
    [
      LAUNCHER,
      ...['--dir', directory],
      ...['--parent', `${process.pid}`],
      ...['--access', accessKeyId],
      ...['--region', region],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  child.stdin.on('error', () => {}).end(`${secretAccessKey}\n`);
  const exited = once(child, 'exit');
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text;
  });
  let client: S3Client | undefined;
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    // Had it ended before, somebody would have to know: a test that expects errors cannot tell this one from those it made.
    const early = child.exitCode !== null || child.signalCode !== null;
    client?.destroy();
    child.kill('SIGTERM');
    await exited;
    rmSync(directory, { recursive: true, force: true });
    if (early) throw new Error(`the Swift server ended by itself: ${complaint}`);
  };
  const stopOnce = () => {
    stopping ??= stop();
    return stopping;
  };
  context.after(stopOnce);

  const ready = once(createInterface(child.stdout), 'line');
  const [line] = await Promise.race([ready, exited]);
  if (typeof line !== 'string') throw new Error(`the Swift server did not start: ${complaint}`);
  const { url, pids } = JSON.parse(line) as Pick<Swift, 'url' | 'pids'>;

  const credentialsFile = join(directory, 'credentials');
  writeFileSync(credentialsFile, credentials(url), { mode: 0o600 });
  const admin = () => {
    client ??= new S3Client({
      endpoint: url,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
    });
    return client;
  };
  const contents = new SwiftContents(admin);
  return {
    ...{ url, pids, accessKeyId, secretAccessKey, region, credentialsFile },
    client: admin,
    makeBucket: (name = `bucket-${randomBytes(6).toString('hex')}`) => contents.makeBucket(name),
    objects: (bucket) => contents.objects(bucket),
    read: (bucket, key) => contents.read(bucket, key),
    uploads: (bucket) => contents.uploads(bucket),
    freeze: () => void process.kill(pids.proxy, 'SIGSTOP'),
    thaw: () => void process.kill(pids.proxy, 'SIGCONT'),
    stop: stopOnce,
  };
}

const credentials = (url: string): string => `[lab]
provider = s3
aws_access_key_id = ${ACCESS.accessKeyId}
aws_secret_access_key = ${ACCESS.secretAccessKey}
aws_region = ${ACCESS.region}
aws_endpoint = ${url}
`;

function cannotStart(): string | false {
  const { stdout, stderr, status, error } = spawnSync(PYTHON, [LAUNCHER, '--check', '--dir', tmpdir()], {
    encoding: 'utf8',
  });
  if (error !== undefined) return `there is no server to test against: ${PYTHON} does not run`;
  const reason = status === 0 ? stdout : stderr.trim();
  return reason === '' ? false : `there is no server to test against: ${reason}`;
}

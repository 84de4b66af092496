import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Provider } from '../../../shared/object-store/credentials/profile.ts';
import { Secret } from '../../../shared/object-store/credentials/secret.ts';
import type { Multipart, MultipartRecorder, Part } from '../../../shared/object-store/multipart.ts';
import { type SendOptions, send } from '../../../shared/object-store/send.ts';
import { ObjectStore, type StoreOptions } from '../../../shared/object-store/store.ts';
import { tempDir } from '../../support/temp.ts';

export const MIB = 1024 * 1024;
/** The smallest part that a server takes. */
export const PART = 5 * MIB;

type Access = { accessKeyId: string; secretAccessKey: string; region: string };
const NOBODY: Access = { accessKeyId: 'nobody', secretAccessKey: 'nothing', region: 'us-east-1' };

/** A connection that ends with the test. */
export function connect(
  t: TestContext,
  endpoint: string | undefined,
  access: Access = NOBODY,
  { provider = 's3', ...more }: Partial<StoreOptions> & { provider?: Provider } = {},
): ObjectStore {
  const { accessKeyId, secretAccessKey, region } = access;
  const store = new ObjectStore({
    profile: {
      ...{ name: 'lab', provider, accessKeyId, region, endpoint },
      secretAccessKey: new Secret(secretAccessKey),
      sessionToken: undefined,
    },
    ...{ connectMs: 5_000, idleMs: 20_000, requestMs: 60_000, maxSockets: 10 },
    ...more,
  });
  t.after(() => store.close());
  return store;
}

/** What a caller's database would hold. */
export class Notes implements MultipartRecorder {
  readonly said: string[] = [];
  open: { uploadId: string; partBytes: number; parts: Part[] } | undefined;

  asking(): void {
    this.said.push('asking');
  }

  began(uploadId: string, partBytes: number): void {
    this.said.push('began');
    this.open = { uploadId, partBytes, parts: [] };
  }

  part(part: Part): void {
    this.said.push(`part ${part.number}`);
    this.open?.parts.push(part);
  }

  ended(): void {
    this.said.push('ended');
    this.open = undefined;
  }

  /** What the next attempt is given. */
  get former(): Multipart | undefined {
    return this.open;
  }
}

/** Sends with what most tests want. */
export function sendWith(
  options: Pick<SendOptions, 'store' | 'bucket' | 'key' | 'content'> & Partial<SendOptions>,
) {
  return send({
    former: undefined,
    recorder: new Notes(),
    signal: new AbortController().signal,
    partBytes: PART,
    partsInFlight: 2,
    multipartFromBytes: PART,
    metadata: {},
    lookFirst: false,
    ...options,
  });
}

export function fileOf(t: TestContext, bytes: Buffer): { fd: number; path: string } {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  t.after(() => closeSync(fd));
  return { fd, path };
}

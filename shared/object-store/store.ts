import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { SendOptions } from './answerable-handler.ts';
import { type Client, createClient, type StoreOptions } from './client.ts';
import { type Checksum, checksumOf, type Integrity, type PartDigest } from './digest.ts';
import { DirectRequests } from './direct/direct-requests.ts';
import { directHead, directPut, type HeadReply, type PutReply, type Sum } from './direct/put-and-head.ts';
import { answerOf } from './failure.ts';
import { BEFORE_SIGNING, payloadHash } from './payload-hash.ts';
import { etagOf, ReplyError, unquoted } from './reply-error.ts';
import { Slots } from './slots.ts';

export type { StoreOptions } from './client.ts';

/** What a HEAD tells. */
export type RemoteObject = {
  sizeBytes: number;
  /** Without quotation marks. */
  etag: string;
  /** Where the server keeps one. */
  checksum: Checksum | undefined;
  /** Names in lower case. */
  metadata: Readonly<Record<string, string>>;
};

/** An object's place. */
export type Place = { bucket: string; key: string };
export type Upload = Place & { uploadId: string };

/** What the server says that it has stored. */
export type Stored = { etag: string; checksum: Checksum | undefined };

/**
 * One connection to one profile, for all jobs of a process: each method is one request (a list: one a page), sent once.
 *
 * The content of a request is protected in two ways. Its SHA-256 is part of what is signed. And the server gets a sum to compare with
 * what arrived: Amazon the SHA-256 (`x-amz-checksum-sha256`), which it keeps and tells at a HEAD; every other the MD5
 * (`Content-MD5`), because many of them refuse or ignore the newer headers.
 *
 * Every method throws what the SDK throws: see `failureOf`. Aborting the signal ends the request.
 */
export class ObjectStore {
  /** The name of the profile. */
  readonly name: string;
  readonly integrity: Integrity;
  readonly #client: S3Client;
  readonly #agents: Client['agents'];
  readonly #direct: DirectRequests;
  readonly #slots: Slots;

  constructor(options: StoreOptions) {
    this.name = options.profile.name;
    this.integrity = options.profile.provider === 'amazon' ? 'sha256' : 'md5';
    const { sdk: client, agents } = createClient(options);
    this.#client = client;
    this.#agents = agents;
    this.#direct = new DirectRequests({ client, agents, profile: options.profile, times: options });
    this.#slots = new Slots(options.maxSockets);
  }

  /** Cuts all connections. May be called twice. */
  close(): void {
    this.#client.destroy();
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  /** The names of all buckets of the account. */
  async *buckets(signal: AbortSignal): AsyncGenerator<string> {
    let from: string | undefined;
    do {
      const page = await this.#ask(signal, (options) =>
        this.#client.send(
          new ListBucketsCommand(from === undefined ? {} : { ContinuationToken: from }),
          options,
        ),
      );
      for (const { Name } of page.Buckets ?? []) if (Name !== undefined) yield Name;
      from = page.ContinuationToken === '' ? undefined : page.ContinuationToken;
    } while (from !== undefined);
  }

  async headBucket(bucket: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (options) =>
      this.#client.send(new HeadBucketCommand({ Bucket: bucket }), options),
    );
  }

  /** @returns undefined where there is none: also where there is no such bucket, which a HEAD does not tell apart */
  async head({ bucket, key }: Place, signal: AbortSignal): Promise<RemoteObject | undefined> {
    const asksSum = this.integrity === 'sha256';
    const bySdk = (options: SendOptions): Promise<HeadReply> =>
      this.#client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: key, ...(asksSum ? { ChecksumMode: 'ENABLED' } : {}) }),
        options,
      );
    try {
      const direct = directHead({ bucket, key }, asksSum);
      const reply = await this.#slots.run(signal, () => this.#direct.run(direct, signal, bySdk));
      if (reply.ContentLength === undefined)
        throw new ReplyError(
          'store.reply',
          'the answer to HEAD has no size: it does not come from an object store',
          'HEAD',
        );
      return {
        sizeBytes: reply.ContentLength,
        etag: etagOf(reply, 'HEAD'),
        checksum: checksumOf(reply),
        metadata: reply.Metadata ?? {},
      };
    } catch (error) {
      if (answerOf(error)?.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Puts a whole object, in place of one that is there.
   *
   * @throws ReplyError `store.other-bytes` where the ETag tells that the server has stored something else
   */
  async put(
    { bucket, key }: Place,
    body: Buffer,
    digest: PartDigest,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Stored> {
    const sum = this.#sumOf(digest);
    const bySdk = (options: SendOptions): Promise<PutReply> => {
      const input = { Bucket: bucket, Key: key, Body: body, Metadata: metadata, ...sum };
      const command = new PutObjectCommand(input);
      command.middlewareStack.add(payloadHash(digest.sha256), BEFORE_SIGNING);
      return this.#client.send(command, options);
    };
    const direct = directPut({ bucket, key }, body, digest, sum, metadata);
    const reply = await this.#slots.run(signal, () => this.#direct.run(direct, signal, bySdk));
    const etag = etagOf(reply, 'PUT');
    // Where the server encrypts, an ETag looks like an MD5 and is none.
    const isMd5 = reply.ServerSideEncryption === undefined && /^[0-9a-f]{32}$/.test(etag);
    if (isMd5 && digest.md5 !== undefined && etag !== digest.md5.toString('hex'))
      throw new ReplyError('store.other-bytes', 'the server has stored other bytes than were sent', 'PUT');
    return { etag, checksum: checksumOf(reply) };
  }

  /** Every call begins another upload, also one whose answer is lost: see `findOrphans`. */
  async createMultipart(
    { bucket, key }: Place,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<string> {
    const command = new CreateMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      Metadata: metadata,
      ...(this.integrity === 'sha256' ? { ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' } : {}),
    });
    const { UploadId } = await this.#ask(signal, (options) => this.#client.send(command, options));
    if (UploadId === undefined || UploadId === '')
      throw new ReplyError(
        'store.reply',
        'the answer to CreateMultipartUpload has no upload id',
        'CreateMultipartUpload',
      );
    return UploadId;
  }

  /** Puts one part, in place of one with this number. */
  async putPart(
    upload: Upload,
    number: number,
    body: Buffer,
    digest: PartDigest,
    signal: AbortSignal,
  ): Promise<string> {
    const command = new UploadPartCommand({
      ...named(upload),
      PartNumber: number,
      Body: body,
      ...this.#sumOf(digest),
    });
    command.middlewareStack.add(payloadHash(digest.sha256), BEFORE_SIGNING);
    return etagOf(await this.#ask(signal, (options) => this.#client.send(command, options)), 'UploadPart');
  }

  /** All parts that the server has, by their number. */
  async listParts(
    upload: Upload,
    signal: AbortSignal,
  ): Promise<Map<number, { sizeBytes: number; etag: string }>> {
    const parts = new Map<number, { sizeBytes: number; etag: string }>();
    let from: string | undefined;
    do {
      const command = new ListPartsCommand({
        ...named(upload),
        ...(from === undefined ? {} : { PartNumberMarker: from }),
      });
      const page = await this.#ask(signal, (options) => this.#client.send(command, options));
      for (const { PartNumber, Size, ETag } of page.Parts ?? [])
        if (PartNumber !== undefined && Size !== undefined && ETag !== undefined)
          parts.set(PartNumber, { sizeBytes: Size, etag: unquoted(ETag) });
      const next = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
      from = next === from ? undefined : next;
    } while (from !== undefined);
    return parts;
  }

  /** Makes the object of its parts, at once and whole. An error inside an answer of 200 is thrown like any other. */
  async complete(
    upload: Upload,
    parts: readonly { number: number; etag: string; digest: PartDigest }[],
    signal: AbortSignal,
  ): Promise<Stored> {
    const Parts = parts.map(({ number, etag, digest }) => ({
      PartNumber: number,
      ETag: `"${etag}"`,
      ...(this.integrity === 'sha256' ? { ChecksumSHA256: digest.sha256.toString('base64') } : {}),
    }));
    const command = new CompleteMultipartUploadCommand({ ...named(upload), MultipartUpload: { Parts } });
    const reply = await this.#ask(signal, (options) => this.#client.send(command, options));
    return { etag: etagOf(reply, 'CompleteMultipartUpload'), checksum: checksumOf(reply) };
  }

  async abortMultipart(upload: Upload, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (options) =>
      this.#client.send(new AbortMultipartUploadCommand(named(upload)), options),
    );
  }

  /** The unfinished uploads of all keys that begin with this one. */
  async *uploads(
    { bucket, key }: Place,
    signal: AbortSignal,
  ): AsyncGenerator<{ key: string; uploadId: string; initiatedMs: number }> {
    let from: { KeyMarker: string; UploadIdMarker: string } | undefined;
    do {
      const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key, ...from });
      const page = await this.#ask(signal, (options) => this.#client.send(command, options));
      for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
        if (Key !== undefined && UploadId !== undefined)
          yield { key: Key, uploadId: UploadId, initiatedMs: Initiated?.getTime() ?? 0 };
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
      const isMore = page.IsTruncated === true && KeyMarker !== undefined && UploadIdMarker !== undefined;
      const isSame =
        from !== undefined && from.KeyMarker === KeyMarker && from.UploadIdMarker === UploadIdMarker;
      from = isMore && !isSame ? { KeyMarker, UploadIdMarker } : undefined;
    } while (from !== undefined);
  }

  /** The client's own limit on connections is of no use: its times run while a request waits, and call it a server that is not there. */
  #ask<Reply>(
    signal: AbortSignal,
    request: (options: { abortSignal: AbortSignal }) => Promise<Reply>,
  ): Promise<Reply> {
    return this.#slots.run(signal, () => request({ abortSignal: signal }));
  }

  #sumOf({ sha256, md5 }: PartDigest): Sum {
    if (this.integrity === 'sha256' || md5 === undefined)
      return { ChecksumSHA256: sha256.toString('base64') };
    return { ContentMD5: md5.toString('base64') };
  }
}

const named = ({ bucket, key, uploadId }: Upload) => ({ Bucket: bucket, Key: key, UploadId: uploadId });

import { createHash, hash } from 'node:crypto';

/** The sum by which a server compares what it stores with what was sent: see `ObjectStore`. */
export type Integrity = 'sha256' | 'md5';

/** The sums of one part, or of an object that is put whole. */
export type PartDigest = { sha256: Buffer /** Where the integrity is by MD5. */; md5: Buffer | undefined };

/** A sum as S3 writes it: base64, and for an object in parts the sum of the parts' sums with `-<parts>` behind it. */
export type Checksum = { algorithm: 'SHA256'; value: string };

/** By what an object that is on a server can be told to have a content. */
export type Identity = {
  sizeBytes: number;
  /** Lower-case hex, of the whole. */
  sha256: string;
  /** As a server computes it that does not encrypt. Undefined where no MD5 was computed. */
  etag: string | undefined;
  checksum: Checksum;
};

export function digestOf(bytes: Buffer, integrity: Integrity): PartDigest {
  return {
    sha256: hash('sha256', bytes, 'buffer'),
    md5: integrity === 'md5' ? hash('md5', bytes, 'buffer') : undefined,
  };
}

/** Of an object that was put whole. */
export function identityOfWhole(sizeBytes: number, { sha256, md5 }: PartDigest): Identity {
  return {
    sizeBytes,
    sha256: sha256.toString('hex'),
    etag: md5?.toString('hex'),
    checksum: { algorithm: 'SHA256', value: sha256.toString('base64') },
  };
}

/** Of an object that was put in these parts: sums of sums. */
export function identityOfParts(sizeBytes: number, sha256: string, parts: readonly PartDigest[]): Identity {
  const ofSums = createHash('sha256');
  const md5 = parts.every((part) => part.md5 !== undefined) ? createHash('md5') : undefined;
  for (const part of parts) {
    ofSums.update(part.sha256);
    if (part.md5 !== undefined) md5?.update(part.md5);
  }
  return {
    sizeBytes,
    sha256,
    etag: md5 === undefined ? undefined : `${md5.digest('hex')}-${parts.length}`,
    checksum: { algorithm: 'SHA256', value: `${ofSums.digest('base64')}-${parts.length}` },
  };
}

/** The checksum in an answer. */
export function checksumOf(reply: { ChecksumSHA256?: string | undefined }): Checksum | undefined {
  const { ChecksumSHA256: value } = reply;
  return value === undefined || value === '' ? undefined : { algorithm: 'SHA256', value };
}

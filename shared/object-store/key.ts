import { UsageError } from '../errors.ts';

/** Amazon's limit, and Swift's. */
export const MAX_KEY_BYTES = 1024;

/**
 * @throws UsageError `store.key` for a key that a server refuses, or worse, takes for something else: with an empty one the request
 * for an object is the request for its bucket, and `.` and `..` are resolved on the way by some proxies
 */
export function checkKey(key: string): void {
  const fault = keyFault(key);
  if (fault === undefined) return;
  throw new UsageError(`${JSON.stringify(key.slice(0, 80))} cannot be the key of an object: ${fault}`, {
    code: 'store.key',
    subject: key,
    hint: 'rename the file, or give another key template',
  });
}

function keyFault(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (!key.isWellFormed()) return 'it is not valid Unicode';
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY_BYTES) return `it has ${bytes} bytes, ${MAX_KEY_BYTES} is the limit`;
  if (hasUnsayable(key)) return 'it has a control character that no listing can name';
  if (key.split('/').some((part) => part === '.' || part === '..'))
    return 'it has a part that is only . or ..';
  return undefined;
}

/** XML 1.0, in which the lists of uploads come, has no way to write them. */
function hasUnsayable(key: string): boolean {
  for (const character of key) {
    const code = character.codePointAt(0) ?? 0;
    if (
      (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) ||
      code === 0xfffe ||
      code === 0xffff
    )
      return true;
  }
  return false;
}

/** @throws UsageError `store.bucket` for a name that no S3 server takes */
export function checkBucketName(name: string): void {
  const fault = bucketFault(name);
  if (fault === undefined) return;
  throw new UsageError(`${JSON.stringify(name.slice(0, 80))} cannot be the name of a bucket: ${fault}`, {
    code: 'store.bucket',
    subject: name,
    hint: 'a bucket has 3 to 63 characters: lower-case letters, digits, hyphens and dots, at both ends a letter or a digit',
  });
}

function bucketFault(name: string): string | undefined {
  if (name.length < 3 || name.length > 63) return `it has ${name.length} characters`;
  if (!/^[a-z0-9.-]+$/.test(name)) return 'it has other characters than a-z, 0-9, hyphen and dot';
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return 'it begins or ends with a hyphen or a dot';
  if (/\.\.|\.-|-\./.test(name)) return 'there is nothing, or a hyphen, beside one of its dots';
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return 'it looks like an IP address';
  return undefined;
}

/** @throws UsageError `store.metadata` for what does not pass through an HTTP header unchanged */
export function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (/^[a-z0-9-]+$/.test(name) && /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)) continue;
    throw new UsageError(`the metadata ${JSON.stringify(name)} cannot be sent`, {
      code: 'store.metadata',
      subject: name,
      hint: 'names have lower-case letters, digits and hyphens; values are printable ASCII without blanks at their ends',
    });
  }
}

import type { Secret } from './secret.ts';

/** Whose object storage it is; `s3` is any other server that speaks S3. */
export const PROVIDERS = ['amazon', 'cloudflare', 'backblaze', 's3'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What a connection needs. Safe to log: the secrets show as `[secret]`. */
export type Profile = {
  /** Also the name of a directory below each of the server directory's: never `.` or `..`, and without a slash. */
  name: string;
  provider: Provider;
  accessKeyId: string;
  secretAccessKey: Secret;
  /** Of temporary keys. */
  sessionToken: Secret | undefined;
  /** A label of a host name, as the SDK demands it of every provider. */
  region: string;
  /** An absolute http(s) URL without a trailing slash, user name, query or fragment; undefined: Amazon's own for the region. */
  endpoint: string | undefined;
};

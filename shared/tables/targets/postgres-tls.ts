import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { TargetError } from '../errors.ts';
import type { PostgresPlace } from './postgres-url.ts';

/**
 * How to try it, in this order, as `sslmode` of libpq means it: `prefer` takes what it gets, `require` encrypts and believes any certificate
 * (unless it was told an authority), `verify-ca` checks who signed it, `verify-full` also its name.
 *
 * @throws TargetError, code `load.url`, where a file cannot be read
 */
export function tlsAttempts(place: PostgresPlace): (ConnectionOptions | false)[] {
  if (place.tls === 'disable') return [false];
  const { sslrootcert, sslcert, sslkey } = place.tlsFiles;
  const files = {
    ...(sslrootcert === undefined || sslrootcert === 'system' ? {} : { ca: read(sslrootcert) }),
    ...(sslcert === undefined ? {} : { cert: read(sslcert) }),
    ...(sslkey === undefined ? {} : { key: read(sslkey) }),
  };
  if (place.tls === 'verify-full') return [{ ...files, rejectUnauthorized: true }];
  const isSigned = place.tls === 'verify-ca' || (place.tls === 'require' && sslrootcert !== undefined);
  if (isSigned) return [{ ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined }];
  const encrypted = { ...files, rejectUnauthorized: false };
  return place.tls === 'require' ? [encrypted] : [encrypted, false];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TargetError('refused', `${path}, which the URL of the database names, cannot be read`, {
      code: 'load.url',
      subject: path,
      hint: 'check that it is there and may be read',
      cause,
    });
  }
}

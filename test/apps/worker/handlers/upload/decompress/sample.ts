/** What the tests of decompression share: small files of the formats that Node.js cannot write, and ways to read. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type Limits,
  type Member,
  type Opened,
  openCompressed,
} from '../../../../../../apps/worker/handlers/upload/decompress/open-compressed.ts';
import { tempDir } from '../../../../../support/temp.ts';

export const TEXT = 'hello world, hello world\n';
/** What the files of several blocks hold: five blocks of 100,000 bytes and a rest. */
export const BLOCKS = 'abcdefghij\n'.repeat(50_000);

const decode = (base64: string): Buffer => Buffer.from(base64, 'base64');

export const BZIP2 = {
  text: decode('QlpoOTFBWSZTWZN/jt0AAAVRgAAQQAQGRJCAIAAxADASoabEVTPMYlCFhhBGi7kinChISb/HboA='),
  empty: decode('QlpoORdyRThQkAAAAAA='),
  blocks: decode(
    'QlpoMTFBWSZTWZJJ68MAI4FBAAAQP/AgAJAgGmmgKVCNDTkBUMQFQ1pAqGICodQFQ7gKhuAqHkBUPYCofQFQ5AVD8xQVkmU1lO/x9HAEcCQQAAED/wIACQIBppoClQmg05AVDEBUMwFQ1AVDe0CoYgKh3AVDyAqHsBUPoCocgKh+YoKyTKayZowfugDVBoIAACB/4EABIEA000BSoQ0acgKhiAqGYCoagKh1AVDuAqG9oFQxAVD2AqH0BUOQFQ/MUFZJlNZ3suktwCOBEEAABA/8CAAkCAaaaApUIGTkBUMQFQzAVDUBUOoCodwFQ8gKh7AVDe0CoYgKhyAqH5igrJMprM/YQDsAT+JggAAIH/gQAEgQDTTQFKiNGmnICoYgKhmAqHUBUO4CoagKh5AVD2AqG4Cob+gKhxAqH5igrJMprPfHOVUABHKggAAIH/gQADAUqI0GEA000bSKhikVDKRUOkiodpFQ0kVDxIqHqRUPkiofpFQ2kVDgu5IpwoSEueiTuA==',
  ),
  /** ZEROS_BYTES zeros in one block, as many as it can hold. */
  zeros: decode('QlpoOTFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXF3JFOFCQDgni3w=='),
};
export const BZIP2_ZEROS_BYTES = 45_899_235;

export const XZ = {
  none: decode(
    '/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4AAYABRdADQZSe6N6ReJOjNf/fZG/N8aNYAAAAABKBlBs7AZBnKeegEAAAAAAFla',
  ),
  crc32: decode(
    '/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AAYABRdADQZSe6N6ReJOjNf/fZG/N8aNYAAAMPKCC4AASwZRXbcfZBCmQ0BAAAAAAFZWg==',
  ),
  crc64: decode(
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AAYABRdADQZSe6N6ReJOjNf/fZG/N8aNYAAAL+3kKvWtng2AAEwGRgrq5sftvN9AQAAAAAEWVo=',
  ),
  sha256: decode(
    '/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4AAYABRdADQZSe6N6ReJOjNf/fZG/N8aNYAAADFVNgvC6sKATxHWTondoCIuvlA3jwrOrezz/si1ox2pAAFIGebYTXwYm0uaAQAAAAAKWVo=',
  ),
  /** A filter for programs, one for differences, a dictionary of 4 KiB. */
  filters: decode(
    '/Td6WFoAAATm1rRGAwIEAAMBASEBAAAAB7N1+uAAGAAXXQA0GTyAT+dhy+owUVCzcb4x7HaMZ30AAAAAv7eQq9a2eDYAATcZ373q1B+2830BAAAAAARZWg==',
  ),
  /** A dictionary of 1.5 GiB. */
  largeDictionary: decode(
    '/Td6WFoAAATm1rRGAgAhASUAAAA7eHtB4AAYABRdADQZSe6N6ReJOjNf/fZG/N8aNYAAAL+3kKvWtng2AAEwGRgrq5sftvN9AQAAAAAEWVo=',
  ),
  empty: decode('/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo='),
  blocks: decode(
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4YafAF9dADCYiJg+y+JvNLNI4ufoYJeOjfMriBxss1SjI/l63Lf3U6RPvDxwAuC1HlD5+HKzf4xBeQhEhGCa8n/fTtkxaR0FgnTPkeYe1spee0QedeUMBmAxQLTxD4k8nbD1IukAAACgqeuQBz9PFQIAIQEWAAAAdC/lo+GGnwBfXQAFGUozOqbsQrS/oIthl0fti2XiAsP0sTs2tisgWrMOiZbKcZ8vwe87dPEdK/FApULsm8eLmL8H4Ke9OdpzdYxw4XcGI0fEsRZNZ0v9xKvKSlHWhzH6+TowifXPtsN/AAAAAFTDC8ZE/HMCACEBFgAAAHQv5aPhhp8AYF0ANQKIRwcuh32IWWzKFslp5WN1ZNIUFnPrB8jQLiPBgUuMFocn2vO+W6qoZyUd0wZxv24mZv6HVRsO+4VKRsOmfW7s0pijmHREc1dhM5nqEKOyFkQxyf4b5B/j2buLZwAAACKGObJWf44VAgAhARYAAAB0L+Wj4YafAGBdADSafUXSHC6cePDGDA4c7UZkOWj9dBR718ldaMrmRB9CDRDniiinh1jI1B9qXLQb9DbfcXf28qdsr0X/ALUe7SxkyXdwPYMqfUL7FZT8MIi1PkEIGmrjN950XL3OlSoAAAARnPSH9kJPggIAIQEWAAAAdC/lo+GGnwBgXQA0GkmFkgmWJ7JT5UJfI3BBY+VnMoZ9P5e8AzG7Ri51dc1Ggy8DGwkwWEJm+h3KRgQATZ9aPDUQ5cDMcVSl6lDwhFhkqBKoqR8WqhOvLuQFcCjxjc8MFl7cdBLZD7fnAAAAZlh5jn8evfQCACEBFgAAAHQv5aPgw08AVV0AM5oJZqgopyqe0qULjcv/C8ZG9CSKOcZQIOeGMpm9Mg+6nBEyD++MPKFAOSTzTNmlc49SroWNVzp8gtcY0y9XH8jCAkwm3c5i+YstcpIdahYTNzUAAAAAAACdzvYvB9UgQwAGe6CNBnugjQZ8oI0GfKCNBnygjQZx0IYDAABV7ymgAlWqqwcAAAAABFla',
  ),
  /** 1 MiB of zeros. */
  zeros: decode(
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj7///ANldAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuF0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1Iq9+SVJQAAAAAAwva6PqJwa2AAAfUBgIBAAHmXf0exxGf7AgAAAAAEWVo=',
  ),
};

/** Three bytes that zstd skips. */
export const SKIPPABLE = Buffer.concat([decode('UCpNGAMAAAA='), Buffer.from('abc')]);

export const GENEROUS: Limits = { maxOutputBytes: 2 ** 40, maxRatio: 2 ** 40 };
export const NEVER = new AbortController().signal;

/** A file of this content, open until the test has ended. */
export function fileOf(t: TestContext, content: Uint8Array): number {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, content);
  const fd = openSync(path, 'r+');
  t.after(() => closeSync(fd));
  return fd;
}

export function openContent(t: TestContext, content: Uint8Array, limits = GENEROUS): Promise<Opened> {
  return openCompressed(fileOf(t, content), content.length, limits);
}

export async function read(member: Member | undefined, signal = NEVER): Promise<Buffer> {
  if (member === undefined) throw new Error('there is no such member');
  const chunks: Buffer[] = [];
  for await (const chunk of member.open(signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The content of all members, as one. */
export async function readAll({ members }: Opened): Promise<string> {
  const contents: string[] = [];
  for (const member of members) contents.push((await read(member)).toString());
  return contents.join('');
}

/** Reads to the end and keeps nothing; the bytes. */
export async function count(member: Member | undefined, onChunk?: () => void): Promise<number> {
  if (member === undefined) throw new Error('there is no such member');
  let bytes = 0;
  for await (const chunk of member.open(NEVER)) {
    bytes += chunk.length;
    onChunk?.();
  }
  return bytes;
}

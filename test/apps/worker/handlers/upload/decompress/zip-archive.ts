import { crc32, deflateRawSync } from 'node:zlib';

export type ZipMember = {
  name: string | Buffer;
  content?: string | Buffer;
  /** 0 stored, 8 deflated; others are written as if stored. */
  method?: number;
  flags?: number;
  /** Where the archive is to lie: what the directory says. */
  crc?: number;
  sizeBytes?: number;
  packedBytes?: number;
  localName?: string;
  /** A mode of Unix. */
  mode?: number;
  /** Sizes and CRC behind the content instead of before it. */
  withDescriptor?: boolean;
  /** Uses the data of the member that was written at this place. */
  sharesWith?: number;
};

export type ZipShape = { zip64?: boolean; comment?: string; entries?: number; prefix?: Buffer };

const UTF8 = 0x800;
const DESCRIPTOR = 8;

/** A zip archive, byte by byte, so that it may be wrong in any way that a test wants. */
export function zipOf(members: readonly ZipMember[], shape: ZipShape = {}): Buffer {
  const parts: Buffer[] = [shape.prefix ?? Buffer.alloc(0)];
  const places: number[] = [];
  const directory: Buffer[] = [];
  let at = parts[0]?.length ?? 0;
  for (const member of members) {
    const { method = 8, withDescriptor = false, mode = 0o100644 } = member;
    const name = Buffer.from(member.name as string);
    const content = Buffer.from((member.content ?? '') as string);
    const packed = method === 8 ? deflateRawSync(content) : content;
    const crc = member.crc ?? crc32(content);
    const flags = (member.flags ?? UTF8) | (withDescriptor ? DESCRIPTOR : 0);
    const sizes = [member.packedBytes ?? packed.length, member.sizeBytes ?? content.length] as const;
    const place = member.sharesWith === undefined ? at : (places[member.sharesWith] ?? at);
    places.push(place);
    if (member.sharesWith === undefined) {
      const localName = member.localName === undefined ? name : Buffer.from(member.localName);
      const header = Buffer.alloc(30);
      header.writeUInt32LE(0x04034b50, 0);
      header.writeUInt16LE(45, 4);
      header.writeUInt16LE(flags, 6);
      header.writeUInt16LE(method, 8);
      if (!withDescriptor) {
        header.writeUInt32LE(crc, 14);
        header.writeUInt32LE(Math.min(sizes[0], 0xffffffff), 18);
        header.writeUInt32LE(Math.min(sizes[1], 0xffffffff), 22);
      }
      header.writeUInt16LE(localName.length, 26);
      const descriptor = Buffer.alloc(withDescriptor ? 16 : 0);
      if (withDescriptor) {
        descriptor.writeUInt32LE(0x08074b50, 0);
        descriptor.writeUInt32LE(crc, 4);
        descriptor.writeUInt32LE(sizes[0], 8);
        descriptor.writeUInt32LE(sizes[1], 12);
      }
      const local = Buffer.concat([header, localName, packed, descriptor]);
      parts.push(local);
      at += local.length;
    }
    directory.push(
      directoryEntry({ name, method, flags, crc, sizes, mode, place, zip64: shape.zip64 ?? false }),
    );
  }
  const whole = Buffer.concat(directory);
  return Buffer.concat([...parts, whole, end(members.length, whole.length, at, shape)]);
}

type DirectoryEntry = {
  name: Buffer;
  method: number;
  flags: number;
  crc: number;
  sizes: readonly [packed: number, unpacked: number];
  mode: number;
  place: number;
  zip64: boolean;
};

function directoryEntry({ name, method, flags, crc, sizes, mode, place, zip64 }: DirectoryEntry): Buffer {
  const header = Buffer.alloc(46);
  const extra = Buffer.alloc(zip64 ? 28 : 0);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(0x0300 | 45, 4);
  header.writeUInt16LE(45, 6);
  header.writeUInt16LE(flags, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(zip64 ? 0xffffffff : sizes[0], 20);
  header.writeUInt32LE(zip64 ? 0xffffffff : sizes[1], 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE((mode << 16) >>> 0, 38);
  header.writeUInt32LE(zip64 ? 0xffffffff : place, 42);
  if (zip64) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(sizes[1]), 4);
    extra.writeBigUInt64LE(BigInt(sizes[0]), 12);
    extra.writeBigUInt64LE(BigInt(place), 20);
  }
  return Buffer.concat([header, name, extra]);
}

function end(
  members: number,
  bytes: number,
  start: number,
  { zip64, comment = '', entries = members }: ZipShape,
): Buffer {
  const record64 = Buffer.alloc(zip64 === true ? 76 : 0);
  if (zip64 === true) {
    record64.writeUInt32LE(0x06064b50, 0);
    record64.writeBigUInt64LE(44n, 4);
    record64.writeBigUInt64LE(BigInt(entries), 24);
    record64.writeBigUInt64LE(BigInt(entries), 32);
    record64.writeBigUInt64LE(BigInt(bytes), 40);
    record64.writeBigUInt64LE(BigInt(start), 48);
    record64.writeUInt32LE(0x07064b50, 56);
    record64.writeBigUInt64LE(BigInt(start + bytes), 64);
    record64.writeUInt32LE(1, 72);
  }
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(zip64 === true ? 0xffff : entries & 0xffff, 8);
  record.writeUInt16LE(zip64 === true ? 0xffff : entries & 0xffff, 10);
  record.writeUInt32LE(zip64 === true ? 0xffffffff : bytes, 12);
  record.writeUInt32LE(zip64 === true ? 0xffffffff : start, 16);
  record.writeUInt16LE(comment.length, 20);
  return Buffer.concat([record64, record, Buffer.from(comment)]);
}

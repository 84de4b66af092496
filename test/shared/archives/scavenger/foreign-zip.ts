import { crc32 } from 'node:zlib';

export type ForeignMember = { name: string; content: string; method?: number };

/** A zip as programs of long ago made them: no extra fields, names in CP437, sizes in the header, members stored. */
export function foreignZip(members: readonly ForeignMember[], comment = ''): Buffer {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const { name, content, method = 0 } of members) {
    const [nameBytes, data] = [Buffer.from(name), Buffer.from(content)];
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(10, 4);
    writeCommon(local, 6, method, data, nameBytes);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    entry.writeUInt16LE(10, 6);
    writeCommon(entry, 8, method, data, nameBytes);
    entry.writeUInt32LE(offset, 42);
    parts.push(local, nameBytes, data);
    entries.push(entry, nameBytes);
    offset += local.length + nameBytes.length + data.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  const commentBytes = Buffer.from(comment, 'latin1');
  end.writeUInt16LE(commentBytes.length, 20);
  return Buffer.concat([...parts, directory, end, commentBytes]);
}

/** What header and entry have in the same order, from the flags on. */
function writeCommon(into: Buffer, at: number, method: number, data: Buffer, name: Buffer): void {
  into.writeUInt16LE(method, at + 2);
  into.writeUInt32LE(0x58_62_50_40, at + 4);
  into.writeUInt32LE(crc32(data), at + 8);
  into.writeUInt32LE(data.length, at + 12);
  into.writeUInt32LE(data.length, at + 16);
  into.writeUInt16LE(name.length, at + 20);
}

import type { Method, StagedMember } from '../contract.ts';
import type { Collected, CollectedList, Staging } from './collected.ts';
import { NumberList } from './number-list.ts';
import { Slabs } from './slabs.ts';

/**
 * A record is what is known of a member: three lengths and the time as doubles, which hold them exactly, CRC, mode, the number of its staging
 * archive, method, length of the name; then the SHA-256, then the name.
 */
const AT = {
  dataOffset: 0,
  sizeBytes: 8,
  packedBytes: 16,
  mtimeMs: 24,
  crc32: 32,
  mode: 36,
  staging: 40,
  method: 44,
  nameBytes: 46,
  sha256: 48,
  name: 80,
} as const;

/** The members of a round by their archives, as bytes: some 120 for each, and no object. */
export class RoundMembers {
  readonly #records = new Slabs();
  readonly #stagings: Staging[] = [];
  /** Of each member the place of its record, and the number of its archive. */
  readonly #places = new NumberList();
  readonly #archiveOf = new NumberList();
  readonly #archives = new Map<string, number>();

  get length(): number {
    return this.#places.length;
  }

  /** What is kept of them in memory. */
  get heldBytes(): number {
    return this.#records.sizeBytes;
  }

  /** None is left, and what was given of them is worth nothing any more; the memory is kept for the next ones. */
  clear(): void {
    this.#records.clear();
    this.#stagings.length = 0;
    this.#places.clear();
    this.#archiveOf.clear();
    this.#archives.clear();
  }

  add(member: StagedMember, staging: Staging): void {
    if (this.#stagings.at(-1) !== staging) this.#stagings.push(staging);
    const { archive, member: name } = member.to;
    const number = this.#archives.get(archive) ?? this.#archives.size;
    this.#archives.set(archive, number);
    this.#places.push(this.#write(member, name));
    this.#archiveOf.push(number);
  }

  /** By archive; each in the order in which they were added. */
  groups(): [archive: string, members: CollectedList][] {
    const { places, ends } = this.#placesByArchive();
    return [...this.#archives].map(([archive, number]) => {
      const group = places.subarray(ends[number - 1] ?? 0, ends[number]);
      const at = (index: number): Collected => this.#read(placeIn(group, index));
      const nameOf = (index: number): string => this.#nameAt(placeIn(group, index));
      return [archive, { length: group.length, at, nameOf }];
    });
  }

  /** `ends` says where those of each archive end. */
  #placesByArchive(): { places: Uint32Array; ends: Uint32Array } {
    const archiveOf = this.#archiveOf.values;
    const next = new Uint32Array(this.#archives.size + 1);
    for (const archive of archiveOf) next[archive + 1] = (next[archive + 1] ?? 0) + 1;
    for (let archive = 1; archive < next.length; archive += 1)
      next[archive] = (next[archive] ?? 0) + (next[archive - 1] ?? 0);
    const places = new Uint32Array(archiveOf.length);
    for (const [index, place] of this.#places.values.entries()) {
      const archive = archiveOf[index] ?? 0;
      const at = next[archive] ?? 0;
      places[at] = place;
      next[archive] = at + 1;
    }
    // Each has moved on to where the next one began.
    return { places, ends: next };
  }

  #write(member: StagedMember, name: string): number {
    const nameBytes = Buffer.byteLength(name);
    const place = this.#records.reserve(AT.name + nameBytes);
    const record = this.#records.at(place, AT.name + nameBytes);
    record.writeDoubleLE(member.dataOffset, AT.dataOffset);
    record.writeDoubleLE(member.sizeBytes, AT.sizeBytes);
    record.writeDoubleLE(member.packedBytes, AT.packedBytes);
    record.writeDoubleLE(member.mtimeMs, AT.mtimeMs);
    record.writeUInt32LE(member.crc32, AT.crc32);
    record.writeUInt32LE(member.mode, AT.mode);
    record.writeUInt32LE(this.#stagings.length - 1, AT.staging);
    record.writeUInt16LE(member.method, AT.method);
    record.writeUInt16LE(nameBytes, AT.nameBytes);
    member.sha256.copy(record, AT.sha256);
    record.write(name, AT.name);
    return place;
  }

  #read(place: number): Collected {
    const record = this.#records.at(place, AT.name);
    const staging = this.#stagings[record.readUInt32LE(AT.staging)];
    if (staging === undefined) throw new RangeError('the member has no staging archive');
    const member = {
      name: this.#nameAt(place),
      method: record.readUInt16LE(AT.method) as Method,
      crc32: record.readUInt32LE(AT.crc32),
      sizeBytes: record.readDoubleLE(AT.sizeBytes),
      packedBytes: record.readDoubleLE(AT.packedBytes),
      mtimeMs: record.readDoubleLE(AT.mtimeMs),
      mode: record.readUInt32LE(AT.mode),
      sha256: record.subarray(AT.sha256, AT.name),
      dataOffset: record.readDoubleLE(AT.dataOffset),
    };
    return { member, staging };
  }

  #nameAt(place: number): string {
    const nameBytes = this.#records.at(place + AT.nameBytes, 2).readUInt16LE(0);
    return this.#records.at(place + AT.name, nameBytes).toString('utf8');
  }
}

function placeIn(places: Uint32Array, index: number): number {
  const place = places[index];
  if (place === undefined) throw new RangeError(`there is no member ${index}`);
  return place;
}

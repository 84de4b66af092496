/** What the comment of a zip says where it is one of several volumes that belong together. */
export type VolumeComment = {
  /** From 1; that of the first volume is under the name of the archive itself. */
  volume: number;
  /** The file name of the first volume, without directories: a set that is moved stays one. */
  of: string;
};

export const volumeComment = (volume: number, of: string): string => `Wharfinger: volume ${volume} of ${of}`;

/** Undefined for any other comment: the file is not one of ours, or nobody has said so yet. */
export function parseVolumeComment(text: string): VolumeComment | undefined {
  const found = /^Wharfinger: volume ([1-9][0-9]{0,8}) of ([^/]+)$/s.exec(text);
  const [, volume, of] = found ?? [];
  return volume === undefined || of === undefined ? undefined : { volume: Number(volume), of };
}

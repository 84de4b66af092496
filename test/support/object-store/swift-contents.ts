import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';

/** What is on the server, as its administrator sees it, past the code that is tested. */
export class SwiftContents {
  readonly #client: () => S3Client;
  readonly #pageSize: number;

  constructor(client: () => S3Client, pageSize = 1000) {
    this.#client = client;
    this.#pageSize = pageSize;
  }

  async makeBucket(name: string): Promise<string> {
    await this.#client().send(new CreateBucketCommand({ Bucket: name }));
    return name;
  }

  async objects(bucket: string): Promise<{ key: string; sizeBytes: number }[]> {
    const found = [];
    const list = { Bucket: bucket, EncodingType: 'url' } as const;
    const paging = { client: this.#client(), pageSize: this.#pageSize };
    for await (const page of paginateListObjectsV2(paging, list)) {
      for (const { Key: key, Size: sizeBytes = 0 } of page.Contents ?? [])
        found.push({ key: decode(key), sizeBytes });
    }
    return found;
  }

  async read(bucket: string, key: string): Promise<Buffer> {
    const { Body: body } = await this.#client().send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (body === undefined) throw new Error(`no content came with ${key}`);
    return Buffer.from(await body.transformToByteArray());
  }

  async uploads(bucket: string): Promise<{ key: string; uploadId: string }[]> {
    const found: { key: string; uploadId: string }[] = [];
    const list = { Bucket: bucket, EncodingType: 'url', MaxUploads: this.#pageSize } as const;
    let page: ListMultipartUploadsCommandOutput;
    do {
      // The server's own word for where the next page begins is not encoded, and is missing after a page of one.
      const last = found.at(-1);
      const after = last === undefined ? {} : { KeyMarker: last.key, UploadIdMarker: last.uploadId };
      page = await this.#client().send(new ListMultipartUploadsCommand({ ...list, ...after }));
      for (const { Key: key, UploadId: uploadId = '' } of page.Uploads ?? [])
        found.push({ key: decode(key), uploadId });
    } while (page.IsTruncated === true);
    return found;
  }
}

/** Not every key can stand in XML: listings have them encoded, as forms do. */
const decode = (key = ''): string => decodeURIComponent(key.replaceAll('+', ' '));

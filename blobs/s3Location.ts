/** Where in S3 blobs lie. */
export interface S3Location {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  readonly region: string;
  /** Of what is not Amazon's; null for Amazon's own. */
  readonly endpoint: string | null;
}

/**
 * Reads `s3://bucket/prefix?region=eu-central-1&endpoint=https://s3.example.com`. Null when the text is no address of S3 but a
 * directory. Throws a RangeError that says what is wrong with it.
 */
export function s3Location(text: string): S3Location | null {
  if (!text.startsWith('s3://')) return null;
  const { hostname, pathname, searchParams } = new URL(text);
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(hostname))
    throw new RangeError(`${JSON.stringify(hostname)} is no bucket's name`);
  const unknown = [...searchParams.keys()].find((name) => name !== 'region' && name !== 'endpoint');
  if (unknown !== undefined) throw new RangeError(`there is no option ${JSON.stringify(unknown)}: region and endpoint are known`);
  const endpoint = searchParams.get('endpoint');
  if (endpoint !== null && !/^https?:\/\/[^/]/.test(endpoint)) throw new RangeError('the endpoint is an http or https address');
  const prefix = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  return { bucket: hostname, prefix: prefix && `${prefix}/`, region: searchParams.get('region') ?? 'us-east-1', endpoint };
}

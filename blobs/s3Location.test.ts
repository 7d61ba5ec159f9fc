import { expect, test } from 'vitest';
import { s3Location } from './s3Location.ts';

test('an address names bucket, prefix, region and endpoint', () => {
  expect(s3Location('s3://blobs/baton/eu?region=eu-central-1&endpoint=http://s3:7070')).toEqual({
    bucket: 'blobs',
    prefix: 'baton/eu/',
    region: 'eu-central-1',
    endpoint: 'http://s3:7070',
  });
  expect(s3Location('s3://blobs')).toEqual({ bucket: 'blobs', prefix: '', region: 'us-east-1', endpoint: null });
});

test('a path is a directory', () => {
  expect(s3Location('/var/lib/baton/blobs')).toBeNull();
  expect(s3Location('blobs')).toBeNull();
});

test.each([
  ['s3://', 'bucket'],
  ['s3://B', 'bucket'],
  ['s3://blobs?endpont=http://x', 'endpont'],
  ['s3://blobs?endpoint=s3.example.com', 'endpoint'],
])('%s is refused and says why', (text, why) => {
  expect(() => s3Location(text)).toThrow(why);
});

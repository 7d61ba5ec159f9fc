/** A secret by its name and value. */
export interface NamedSecret {
  readonly name: string;
  readonly value: string;
}

/** Shorter texts are not masked: half of what people read would be. Characters. */
export const shortestMasked = 6;

/** The width at which `base64` and `openssl base64` break lines. */
const base64Widths = [76, 64];

/**
 * Every text by which a secret may show: as it is, line by line, in JSON, in URLs, in Base64 of either alphabet wherever
 * in the encoded bytes it stands.
 */
export function formsOf({ value }: NamedSecret): Set<string> {
  const whole = value.trim();
  const lines = whole.split(/\r?\n/).map((line) => line.trim());
  const forms = new Set<string>();
  for (const text of new Set([whole, ...lines])) {
    if (text.length < shortestMasked) continue;
    for (const form of [text, inJson(text), ...inUrls(text), ...inBase64(Buffer.from(text))]) forms.add(form);
  }
  if (whole.length >= shortestMasked) for (const piece of inBrokenBase64(Buffer.from(value))) forms.add(piece);
  return new Set([...forms].filter((form) => form.length >= shortestMasked));
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** As encodeURIComponent has it, as RFC 3986 is read most strictly, as forms are sent; with digits of either case. */
function inUrls(text: string): string[] {
  const component = encodeURIComponent(text);
  const strict = component.replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([['', text]]).toString().slice(1);
  return [component, strict, form].flatMap((url) => [url, url.replaceAll(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())]);
}

/**
 * What is the same of its Base64 whatever stands before and after it. Three bytes make four characters, so there are
 * three ways to begin; characters that other bytes have a part in are left out.
 */
function inBase64(bytes: Buffer): string[] {
  return [0, 2, 3].flatMap((firstOwn, offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
    const own = Math.floor((shifted.length * 8) / 6);
    return inBothAlphabets(shifted.toString('base64').slice(firstOwn, own));
  });
}

/** The lines of a file's Base64 that holds nothing else. */
function inBrokenBase64(bytes: Buffer): string[] {
  // The last characters depend on what follows, such as an end of line.
  const text = bytes.toString('base64').slice(0, Math.floor((bytes.length * 8) / 6));
  const lines = base64Widths
    .filter((width) => text.length > width)
    .flatMap((width) => Array.from({ length: Math.ceil(text.length / width) }, (_, n) => text.slice(n * width, (n + 1) * width)));
  return lines.flatMap(inBothAlphabets);
}

const inBothAlphabets = (text: string): string[] => [text, text.replaceAll('+', '-').replaceAll('/', '_')];

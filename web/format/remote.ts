/** What a remote is called in a sentence: the last part of its address. */
export const nameOfRemote = (url: string): string =>
  url
    .trim()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .at(-1) ?? '';

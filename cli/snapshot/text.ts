const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size for people: `812 bytes`, `1.4 MiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return unit === 0 ? plural(bytes, 'byte') : `${value < 10 ? Number(value.toPrecision(2)) : Math.round(value)} ${units[unit]}`;
}

export const plural = (count: number, noun: string): string => {
  const many = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : noun.endsWith('ch') ? `${noun}es` : `${noun}s`;
  return `${count} ${count === 1 ? noun : many}`;
};

/** A name from a repository, on one line and without anything that a terminal would act on. */
export const shown = (name: string): string =>
  name.replaceAll(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

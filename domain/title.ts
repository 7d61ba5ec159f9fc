const mostCharacters = 80;

/** One line that stands for a text: its first line that says something. A script's preamble says nothing. */
export function titleOf(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const telling = lines.find((line) => line !== '' && !line.startsWith('#!') && !/^set [-+]\w/.test(line));
  const line = (telling ?? lines.find((candidate) => candidate !== '') ?? '').replace(/^#+\s*/, '');
  const characters = [...line];
  if (characters.length > mostCharacters) return `${characters.slice(0, mostCharacters - 1).join('')}…`;
  return line === '' ? 'Untitled' : line;
}

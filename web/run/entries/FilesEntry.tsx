import { A } from '@solidjs/router';
import { For, Show, type JSX } from 'solid-js';
import { count, number } from '../../format/amounts.ts';
import type { FileChangePartsFragment } from '../../generated/operations.ts';
import { useRun } from '../context.ts';
import type { Entry } from '../model/transcript.ts';
import { FoldingLine } from './Line.tsx';

/** The letter that git gives a kind of change. */
export const changeLetter: Record<FileChangePartsFragment['status'], string> = {
  ADDED: 'A',
  MODIFIED: 'M',
  DELETED: 'D',
  RENAMED: 'R',
  TYPE_CHANGED: 'T',
};

/** Lines added and deleted. */
export function Delta(props: { additions: number | null; deletions: number | null }): JSX.Element {
  return (
    <span class="delta">
      <Show when={props.additions !== null || props.deletions !== null} fallback={<span class="dim">binary</span>}>
        <Show when={props.additions}>
          <span class="plus">+{number(props.additions ?? 0)}</span>
        </Show>
        <Show when={props.deletions}>
          <span class="minus">−{number(props.deletions ?? 0)}</span>
        </Show>
      </Show>
    </span>
  );
}

const sum = (files: readonly FileChangePartsFragment[], what: 'additions' | 'deletions'): number =>
  files.reduce((all, file) => all + (file[what] ?? 0), 0);

/** The files that a turn changed. */
export function FilesEntry(props: { entry: Extract<Entry, { kind: 'FILES' }> }): JSX.Element {
  const { id } = useRun();
  const files = () => props.entry.event.files;
  return (
    <FoldingLine
      entry={props.entry}
      icon="pencil"
      mark="change"
      verb="Changed"
      target={files().length === 1 ? (files()[0]?.path ?? '') : count(props.entry.event.count, 'file')}
      code={files().length === 1}
      meta={<Delta additions={sum(files(), 'additions')} deletions={sum(files(), 'deletions')} />}
      usuallyOpen={files().length > 1 && files().length <= 8}
    >
      <ul class="changed-files">
        <For each={files()}>
          {(file) => (
            <li>
              <span class="change-letter" data-change={file.status}>
                {changeLetter[file.status]}
              </span>
              <A class="cut" href={`/runs/${id}/changes#${encodeURIComponent(file.path)}`}>
                {file.oldPath ? `${file.oldPath} → ${file.path}` : file.path}
              </A>
              <Delta additions={file.additions} deletions={file.deletions} />
            </li>
          )}
        </For>
        <Show when={props.entry.event.count > files().length}>
          <li class="dim">and {count(props.entry.event.count - files().length, 'more file')}</li>
        </Show>
      </ul>
    </FoldingLine>
  );
}

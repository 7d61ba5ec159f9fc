import { createMemo, For, Show, type JSX } from 'solid-js';
import { changeLetter, Delta } from '../run/entries/FilesEntry.tsx';
import { Icon } from '../ui/Icon.tsx';
import type { ChangedFile } from './changedFile.ts';

export interface FileListProps {
  readonly files: readonly ChangedFile[];
  readonly all: number;
  readonly viewed: number;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly isViewed: (file: ChangedFile) => boolean;
  readonly here: string | null;
  readonly onGo: (path: string) => void;
}

/** The changed files under their folders. */
export function FileList(props: FileListProps): JSX.Element {
  const folders = createMemo(() => {
    const found = new Map<string, ChangedFile[]>();
    for (const file of props.files) {
      const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
      found.set(folder, [...(found.get(folder) ?? []), file]);
    }
    return [...found].sort(([a], [b]) => a.localeCompare(b));
  });
  return (
    <>
      <h2>
        Files<span class="count">{props.all}</span>
        <Show when={props.viewed > 0}>
          <span class="count end">{props.viewed} viewed</span>
        </Show>
      </h2>
      <label class="field file-filter">
        <Icon name="filter" />
        <span class="visually-hidden">Filter files</span>
        <input
          type="search"
          data-page-search
          placeholder="Filter files"
          value={props.text}
          onInput={(event) => props.onText(event.currentTarget.value)}
        />
        <kbd>/</kbd>
      </label>
      <nav class="file-list" aria-label="Files">
        <For each={folders()}>
          {([folder, files]) => (
            <>
              <Show when={folder}>
                <span class="folder">{folder}</span>
              </Show>
              <For each={files}>
                {(file) => (
                  <a
                    href={`#${encodeURIComponent(file.path)}`}
                    classList={{ viewed: props.isViewed(file) }}
                    aria-current={props.here === file.path ? 'true' : undefined}
                    title={file.path}
                    onClick={(event) => {
                      event.preventDefault();
                      props.onGo(file.path);
                    }}
                  >
                    <span class="change-letter" data-change={file.change.status}>
                      {changeLetter[file.change.status]}
                    </span>
                    <span class="cut">{file.path.slice(folder.length)}</span>
                    <Delta additions={file.change.additions} deletions={file.change.deletions} />
                  </a>
                )}
              </For>
            </>
          )}
        </For>
        <Show when={props.files.length === 0}>
          <p class="folder">{props.all === 0 ? 'none' : 'none is called that'}</p>
        </Show>
      </nav>
    </>
  );
}

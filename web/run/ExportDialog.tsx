import { For, type JSX } from 'solid-js';
import { bytes } from '../format/amounts.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { Icon } from '../ui/Icon.tsx';
import { useRun } from './context.ts';

interface Choice {
  readonly label: string;
  readonly about: string;
  /** Null where there is nothing to download. */
  readonly url: string | null;
}

/** The files that a run can be downloaded as. */
export function ExportDialog(props: { onClose: () => void }): JSX.Element {
  const { run } = useRun();
  const choices = (): readonly Choice[] => {
    const { exports, latestSnapshot } = run();
    return [
      { label: 'Transcript as Markdown', about: 'To read, and to paste elsewhere.', url: exports.markdown },
      { label: 'Transcript as JSON lines', about: 'Every event of the log, for programs.', url: exports.jsonl },
      {
        label: 'Latest snapshot as a bundle',
        about: latestSnapshot
          ? `Commits and files, ${bytes(latestSnapshot.bytes)}, as a tar archive that git and tar put back.`
          : 'This run has no snapshot.',
        url: latestSnapshot?.bundleUrl ?? null,
      },
    ];
  };
  return (
    <Dialog label="Export the run" onClose={props.onClose} class="small">
      <ul class="export-choices">
        <For each={choices()}>
          {({ label, about, url }) => (
            <li>
              <span>
                <b>{label}</b>
                <small>{about}</small>
              </span>
              {url === null ? null : (
                // The page has its own address of the gateway, by which it is signed in.
                <a class="button" href={new URL(url).pathname} download="" aria-label={`Download: ${label}`}>
                  <Icon name="restore" />
                  Download
                </a>
              )}
            </li>
          )}
        </For>
      </ul>
    </Dialog>
  );
}

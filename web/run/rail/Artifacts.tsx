import { For, Show, type JSX } from 'solid-js';
import { count } from '../../format/amounts.ts';
import { nameOfRemote } from '../../format/remote.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { useRun } from '../context.ts';

/** What the run has left outside Baton: branches that were pushed. */
export function Artifacts(): JSX.Element {
  const { run } = useRun();
  return (
    <Show when={run().artifacts.length > 0}>
      <section aria-label="Artifacts" class="rail-artifacts">
        <For each={run().artifacts}>
          {(artifact) => (
            <div class="rail-artifact">
              <Icon name="branch" />
              <span class="grow">
                <code class="cut">{artifact.branch}</code>
                <span class="rail-facts">
                  <span>{nameOfRemote(artifact.url)}</span>
                  <span>{count(artifact.commits, 'commit')}</span>
                  <span>{artifact.commit.slice(0, 7)}</span>
                </span>
              </span>
              <CopyButton text={artifact.branch} what="the branch" />
            </div>
          )}
        </For>
      </section>
    </Show>
  );
}

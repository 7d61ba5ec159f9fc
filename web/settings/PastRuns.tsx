import { A } from '@solidjs/router';
import { For, Show, type JSX } from 'solid-js';
import { count } from '../format/amounts.ts';
import type { PastRunPartsFragment } from '../generated/operations.ts';

/** The dry run names this many runs at most; see `Team.retentionDryRun`. */
const mostNamed = 200;

const joined = (parts: readonly (string | false)[]): string => parts.filter((part) => part !== false).join(' and ');

/** What goes, in a few words: 2 transcripts and 5 snapshots. */
export function pastWords(runs: readonly PastRunPartsFragment[]): string {
  const transcripts = runs.filter(({ transcript }) => transcript).length;
  const snapshots = runs.reduce((sum, run) => sum + run.snapshots, 0);
  const words = joined([transcripts > 0 && count(transcripts, 'transcript'), snapshots > 0 && count(snapshots, 'snapshot')]);
  return runs.length >= mostNamed ? `at least ${words}` : words;
}

/** What of which runs would go now, the longest untouched first. */
export function PastRuns(props: { runs: readonly PastRunPartsFragment[] }): JSX.Element {
  return (
    <div class="settings-found" role="status">
      <Show when={props.runs.length > 0} fallback={<p>Nothing would go now.</p>}>
        <p>Would go now: {pastWords(props.runs)}</p>
        <ul class="settings-list" aria-label="Would go now">
          <For each={props.runs}>
            {({ run, transcript, snapshots }) => (
              <li class="settings-row">
                <div class="settings-what">
                  <Show when={run} fallback="A run that was deleted since">
                    {(found) => (
                      <A class="text-button" href={`/runs/${found().id}`}>
                        {found().title}
                      </A>
                    )}
                  </Show>
                </div>
                <span class="dim">{joined([transcript && 'Transcript', snapshots > 0 && count(snapshots, 'snapshot')])}</span>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </div>
  );
}

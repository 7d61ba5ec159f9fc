import { For, Show, type JSX } from 'solid-js';
import { count } from '../format/amounts.ts';
import { Notice } from '../run/entries/Notice.tsx';
import type { Difference } from './changedFile.ts';

type Repository = Difference['repositories'][number];

/** What differs besides files, in words. */
function movesOf({ presence, headMoved, headBefore, headAfter, refCount, indexCount }: Repository): string[] {
  const place = (head: Repository['headBefore']): string =>
    head ? `${head.branch ?? 'detached'} at ${head.commit?.slice(0, 7) ?? 'no commit'}` : 'nowhere';
  return [
    ...(presence === 'BOTH' ? [] : [presence === 'AFTER' ? 'It was not there before.' : 'It is gone.']),
    ...(headMoved ? [`HEAD: ${place(headBefore)} → ${place(headAfter)}`] : []),
    ...(refCount > 0 ? [`${count(refCount, 'ref')} moved`] : []),
    ...(indexCount > 0 ? [`${count(indexCount, 'path')} staged otherwise`] : []),
  ];
}

/** Where HEAD, refs and index of the repositories differ between two snapshots, and which cannot be compared. */
export function Moved(props: { repositories: readonly Repository[] }): JSX.Element {
  const apart = () => props.repositories.filter(({ comparable }) => !comparable);
  const moved = () =>
    props.repositories.flatMap((repository) => {
      const moves = movesOf(repository);
      return moves.length === 0 ? [] : [{ name: repository.repository, moves }];
    });
  return (
    <>
      <Show when={apart().length > 0}>
        <Notice title="Files cannot be compared here.">
          The two snapshots build on different commits of{' '}
          {apart().length === 1 && apart()[0]?.repository === '.'
            ? 'the repository'
            : apart()
                .map(({ repository }) => repository)
                .join(', ')}
          , and neither holds what those commits have. Compare each with its base.
        </Notice>
      </Show>
      <Show when={moved().length > 0}>
        <ul class="moved" aria-label="What moved">
          <For each={moved()}>
            {({ name, moves }) => (
              <li>
                <Show when={name !== '.'}>
                  <b>{name}</b>{' '}
                </Show>
                <code>{moves.join(', ')}</code>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </>
  );
}

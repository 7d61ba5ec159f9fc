import { For, Show, type JSX } from 'solid-js';
import { sessionWorkflowId, type RunId } from '../../domain/ids.ts';
import { bytes, cost, count, modelWords, number } from '../format/amounts.ts';
import { duration } from '../format/duration.ts';
import { nameOfRemote } from '../format/remote.ts';
import type { UsagePartsFragment } from '../generated/operations.ts';
import { originDisplay } from '../runs/originDisplay.ts';
import { waitingWords } from '../runs/waitWords.ts';
import { harnessLabel } from '../run/composer/composerMode.ts';
import { useRun } from '../run/context.ts';
import { whoseFailure } from '../run/entries/FailureCard.tsx';
import { shownSession as display } from '../state/display.ts';
import { StateBadge } from '../state/StateBadge.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Time } from '../ui/Time.tsx';
import './details.css';

function Copied(props: { label: string; text: string }): JSX.Element {
  return (
    <div>
      <dt>{props.label}</dt>
      <dd>
        <code>{props.text}</code>
        <CopyButton text={props.text} what={props.label} />
      </dd>
    </div>
  );
}

function Fact(props: { label: string; children: JSX.Element }): JSX.Element {
  return (
    <div>
      <dt>{props.label}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

const columns: readonly { readonly label: string; readonly of: (usage: UsagePartsFragment) => string }[] = [
  { label: 'Work', of: ({ wallMs }) => duration(wallMs) },
  { label: 'CPU', of: ({ cpuMs }) => duration(cpuMs) },
  { label: 'Memory at most', of: ({ peakMemoryBytes }) => bytes(peakMemoryBytes) },
  { label: 'Tokens in', of: ({ inputTokens }) => number(inputTokens) },
  { label: 'Tokens out', of: ({ outputTokens }) => number(outputTokens) },
  { label: 'Cost', of: ({ costMicros }) => cost(costMicros) },
];

function UsageTable(): JSX.Element {
  const { run, sessions } = useRun();
  return (
    <div class="details-table" tabIndex={0} role="region" aria-label="Usage">
      <table>
        <thead>
          <tr>
            <th scope="col">Session</th>
            <th scope="col">State</th>
            <th scope="col">Worker</th>
            <th scope="col">Started</th>
            <th scope="col">Ended</th>
            <For each={columns}>
              {({ label }) => (
                <th scope="col" class="number">
                  {label}
                </th>
              )}
            </For>
          </tr>
        </thead>
        <tbody>
          <For each={sessions()}>
            {(session) => (
              <tr>
                <th scope="row">{session.ordinal}</th>
                <td>
                  <StateBadge shown={display(session)} />
                </td>
                <td>{session.worker ?? '–'}</td>
                <td>
                  <Show when={session.startedAt} fallback="–">
                    {(at) => <Time at={at()} as="day" />}
                  </Show>
                </td>
                <td>
                  <Show when={session.endedAt} fallback="–">
                    {(at) => <Time at={at()} as="day" />}
                  </Show>
                </td>
                <For each={columns}>{({ of }) => <td class="number">{session.usage ? of(session.usage) : '–'}</td>}</For>
              </tr>
            )}
          </For>
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={5}>
              The run
            </th>
            <For each={columns}>{({ of }) => <td class="number">{of(run().usage)}</td>}</For>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Operators(): JSX.Element {
  const { id, run, sessions } = useRun();
  const commands = () => [
    `temporal workflow describe -w ${run().workflowId}`,
    `temporal workflow query -w ${run().workflowId} --type status`,
    `temporal workflow cancel -w ${run().workflowId}`,
    ...sessions()
      .slice(-1)
      .map(({ ordinal }) => `temporal workflow describe -w ${sessionWorkflowId(id as RunId, ordinal)}`),
  ];
  return (
    <section>
      <h2>For operators</h2>
      <ul class="commands">
        <For each={commands()}>
          {(command) => (
            <li>
              <span class="command">
                <code>{command}</code>
                <CopyButton text={command} what="the command" />
              </span>
            </li>
          )}
        </For>
      </ul>
    </section>
  );
}

/** What a run is made of: ids to copy, where it came from, what it used, what an operator would type. */
export function DetailsTab(): JSX.Element {
  const { id, run, sessions } = useRun();
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Details">
      <div class="details">
        <section>
          <h2>The run</h2>
          <dl>
            <Copied label="Run id" text={id} />
            <Copied label="Workflow Id" text={run().workflowId} />
            <Show when={run().branch}>{(branch) => <Copied label="Branch" text={branch()} />}</Show>
            <Fact label="Creator">
              {run().creator.name}, {run().team.name}
            </Fact>
            <Fact label="Origin">{originDisplay[run().origin].label}</Fact>
            <Fact label="Created">
              <Time at={run().createdAt} as="day" />
            </Fact>
            <Fact label="Last activity">
              <Time at={run().lastActivityAt} as="day" />
            </Fact>
            <Show when={run().waitingFor}>{(waiting) => <Fact label="Waits">{waitingWords(waiting())}</Fact>}</Show>
            <Show when={run().failure}>
              {(failure) => (
                <Fact label="Failure">
                  <span>
                    <code>{failure().code}</code>, {whoseFailure(failure())}. {failure().message}
                  </span>
                </Fact>
              )}
            </Show>
            <Fact label="Harness">{harnessLabel(run().harness)}</Fact>
          </dl>
        </section>
        <section>
          <h2>Environment</h2>
          <dl>
            <Fact label="Name">{run().environment.name}</Fact>
            <For each={run().environment.repositories}>
              {({ url, branch, path, push }) => (
                <Fact label={path === '.' ? 'Repository' : `In ${path}`}>
                  <span>
                    <code>{url}</code>
                    {branch ? ` on ${branch}` : ''}
                    {push ? ', the run’s branch is pushed' : ''}
                  </span>
                </Fact>
              )}
            </For>
            <Copied label="Environment id" text={run().environment.id} />
          </dl>
        </section>
        <Show when={run().artifacts.length > 0}>
          <section>
            <h2>Artifacts</h2>
            <dl>
              <For each={run().artifacts}>
                {(artifact) => (
                  <>
                    <Copied label={`Branch at ${nameOfRemote(artifact.url)}`} text={artifact.branch} />
                    <Copied label="Its commit" text={artifact.commit} />
                    <Fact label="Its address">
                      <code>{artifact.url}</code>
                    </Fact>
                    <Fact label="Pushed">
                      <span>
                        {count(artifact.commits, 'commit')}, last by session {artifact.sessionOrdinal},{' '}
                        <Time at={artifact.at} as="day" />
                      </span>
                    </Fact>
                  </>
                )}
              </For>
            </dl>
          </section>
        </Show>
        <section>
          <h2>Usage</h2>
          <UsageTable />
          <Show when={run().usage.models.length > 0}>
            <dl>
              <For each={run().usage.models}>
                {(model) => <Fact label={model.model}>{modelWords(model).slice(model.model.length + 2)}</Fact>}
              </For>
            </dl>
          </Show>
        </section>
        <Show when={sessions().some((session) => session.id !== null)}>
          <section>
            <h2>Sessions</h2>
            <dl>
              <For each={sessions().filter((session) => session.id !== null)}>
                {(session) => (
                  <>
                    <Copied label={`Session ${session.ordinal}`} text={session.id ?? ''} />
                    <Show when={session.facts?.conversation}>
                      {(conversation) => <Copied label="Its conversation" text={conversation().conversationId} />}
                    </Show>
                  </>
                )}
              </For>
            </dl>
          </section>
        </Show>
        <Operators />
      </div>
    </div>
  );
}

import { A } from '@solidjs/router';
import { createSignal, For, Show, type JSX } from 'solid-js';
import { harnessCapabilities } from '../../domain/harness.ts';
import type { EnvironmentPartsFragment } from '../generated/operations.ts';
import { openNewRun } from '../shell/newRunDialog.ts';
import { Icon } from '../ui/Icon.tsx';
import { Time } from '../ui/Time.tsx';
import { EnvironmentSecrets } from './EnvironmentSecrets.tsx';
import { idleWords } from './idleChoices.ts';
import { permissionWords } from './permissionWords.ts';
import { secretWords } from './secretWords.ts';

/** An environment: what is in it, and the ways from it. */
export function EnvironmentCard(props: { environment: EnvironmentPartsFragment }): JSX.Element {
  const [showing, setShowing] = createSignal(false);
  return (
    <li class="environment">
      <div class="environment-head">
        <Icon name="environment" />
        <h2>{props.environment.name}</h2>
        <span class="dim">{props.environment.team.name}</span>
        <span class="grow" />
        <A class="text-button" href={`/?environment=${props.environment.id}`}>
          Runs
        </A>
        <button type="button" class="button" aria-label={`Secrets of ${props.environment.name}`} onClick={() => setShowing(true)}>
          <Icon name="lock" />
          Secrets
        </button>
        <button type="button" class="button" onClick={() => openNewRun({ environmentId: props.environment.id })}>
          <Icon name="plus" />
          New run
        </button>
      </div>
      <dl>
        <div>
          <dt>Repositories</dt>
          <dd>
            <For each={props.environment.repositories}>
              {({ url, branch, path, push, snapshot }) => (
                <p>
                  <code>{url}</code>
                  <Show when={branch}>
                    {' '}
                    <span class="dim">on</span> <code>{branch}</code>
                  </Show>
                  <Show when={path !== '.'}>
                    {' '}
                    <span class="dim">in</span> <code>{path}</code>
                  </Show>
                  <Show when={push}>
                    <span class="dim">, the run’s branch is pushed</span>
                  </Show>
                  <Show when={snapshot.ignored.length > 0}>
                    <span class="dim">, snapshots also take</span> <code>{snapshot.ignored.join(' ')}</code>
                  </Show>
                </p>
              )}
            </For>
          </dd>
        </div>
        <Show when={props.environment.setupCommands.length > 0}>
          <div>
            <dt>Setup</dt>
            <dd>
              <For each={props.environment.setupCommands}>
                {(command) => (
                  <p>
                    <code>{command}</code>
                  </p>
                )}
              </For>
            </dd>
          </div>
        </Show>
        <Show when={props.environment.variables.length > 0}>
          <div>
            <dt>Variables</dt>
            <dd>
              <For each={props.environment.variables}>
                {({ name, value }) => (
                  <p>
                    <code>
                      {name}={value}
                    </code>
                  </p>
                )}
              </For>
            </dd>
          </div>
        </Show>
        <Show when={props.environment.outside.length > 0 || props.environment.outsideScript}>
          <div>
            <dt>Snapshots also take</dt>
            <dd>
              <For each={props.environment.outside}>
                {(path) => (
                  <p>
                    <code>{path}</code>
                  </p>
                )}
              </For>
              <Show when={props.environment.outsideScript}>
                {(script) => (
                  <p>
                    <span class="dim">what this prints:</span> <code>{script()}</code>
                  </p>
                )}
              </Show>
            </dd>
          </div>
        </Show>
        <div>
          <dt>Sessions</dt>
          <dd>
            {harnessCapabilities[props.environment.defaultHarness].label}; an agent{' '}
            {permissionWords[props.environment.permissions]}
            <Show when={props.environment.allowedCommands.length > 0}> ({props.environment.allowedCommands.join(', ')})</Show>
            <Show when={props.environment.idleSeconds !== null}>
              ; after a turn, {idleWords(props.environment.idleSeconds ?? 0)}
            </Show>
            ; files that look like secrets: {secretWords[props.environment.secretFiles]}; created{' '}
            <Time at={props.environment.createdAt} as="day" />
          </dd>
        </div>
      </dl>
      <Show when={showing()}>
        <EnvironmentSecrets environment={props.environment} onClose={() => setShowing(false)} />
      </Show>
    </li>
  );
}

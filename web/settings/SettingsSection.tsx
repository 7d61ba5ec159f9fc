import { createUniqueId, Show, type JSX } from 'solid-js';

/** A part of a settings page, under its own heading. */
export function SettingsSection(props: { title: string; lead?: JSX.Element; children: JSX.Element }): JSX.Element {
  const id = createUniqueId();
  return (
    <section class="settings-section" aria-labelledby={id}>
      <h2 id={id}>{props.title}</h2>
      <Show when={props.lead}>
        <p class="settings-lead">{props.lead}</p>
      </Show>
      {props.children}
    </section>
  );
}

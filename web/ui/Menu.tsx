import { createEffect, createSignal, createUniqueId, For, onCleanup, Show, type JSX } from 'solid-js';
import { Icon } from './Icon.tsx';
import type { IconName } from './icons.ts';

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly run: () => void;
  /** Why it cannot be chosen now. */
  readonly disabled?: string | null;
}

/** A button that opens a list of things to do. */
export function Menu(props: { label: string; items: readonly MenuItem[]; children: JSX.Element; class?: string }): JSX.Element {
  const id = createUniqueId();
  const [open, setOpen] = createSignal(false);
  let button!: HTMLButtonElement;
  let list: HTMLDivElement | undefined;

  const close = (): void => {
    setOpen(false);
    button.focus();
  };
  const move = (by: number): void => {
    const items = [...(list?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[(at + by + items.length) % items.length]?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else if (event.key === 'Tab') {
      setOpen(false);
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  createEffect(() => {
    if (!open()) return;
    list?.querySelector<HTMLElement>('[role=menuitem]')?.focus();
    const outside = (event: PointerEvent): void => {
      if (!list?.contains(event.target as Node) && !button.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    onCleanup(() => document.removeEventListener('pointerdown', outside));
  });

  return (
    <span class="menu">
      <button
        ref={button}
        type="button"
        class={props.class ?? 'button bare square'}
        aria-label={props.label}
        title={props.label}
        aria-haspopup="menu"
        aria-expanded={open()}
        aria-controls={open() ? id : undefined}
        onClick={() => setOpen(!open())}
      >
        {props.children}
      </button>
      <Show when={open()}>
        <div ref={list} id={id} class="menu-list" role="menu" aria-label={props.label} tabIndex={-1} onKeyDown={onKeyDown}>
          <For each={props.items}>
            {(item) => (
              <button
                type="button"
                role="menuitem"
                tabIndex={-1}
                class="menu-item"
                aria-disabled={item.disabled ? 'true' : undefined}
                onClick={() => {
                  if (item.disabled) return;
                  close();
                  item.run();
                }}
              >
                <Icon name={item.icon} />
                <span>
                  {item.label}
                  <Show when={item.disabled}>
                    <small>{item.disabled}</small>
                  </Show>
                </span>
              </button>
            )}
          </For>
        </div>
      </Show>
    </span>
  );
}

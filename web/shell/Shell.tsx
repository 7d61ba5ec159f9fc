import { useNavigate, type RouteSectionProps } from '@solidjs/router';
import { createSignal, Show, type JSX } from 'solid-js';
import { KeyHelp } from '../keyboard/KeyHelp.tsx';
import { listenForKeys, useKeys } from '../keyboard/keys.ts';
import { Palette } from '../palette/Palette.tsx';
import { useCommands } from '../palette/commands.ts';
import { NewRun } from '../runs/NewRun.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { announce, announcement } from './announce.ts';
import { Bar } from './Bar.tsx';
import { MainNav } from './MainNav.tsx';
import { closeNewRun, newRun, openNewRun } from './newRunDialog.ts';
import { signOut } from './signOut.ts';
import { Stopped } from './Stopped.tsx';
import { nextTheme, setTheme, theme, themes } from './theme.ts';
import './shell.css';

type Over = 'PALETTE' | 'KEYS' | 'MENU' | null;

/** What is around every page: the bar, the palette, the keys that work everywhere. */
export function Shell(props: RouteSectionProps): JSX.Element {
  const [over, setOver] = createSignal<Over>(null);
  const navigate = useNavigate();
  const close = (): void => void setOver(null);
  const switchTheme = (): void => {
    setTheme(nextTheme());
    announce(`Theme: ${theme()}`);
  };
  const focusSearch = (): void => document.querySelector<HTMLInputElement>('[data-page-search]')?.focus();

  listenForKeys();
  useKeys([
    { keys: 'mod+k', label: 'Search or jump to', group: 'Everywhere', always: true, run: () => setOver('PALETTE') },
    { keys: '?', label: 'All keys', group: 'Everywhere', run: () => setOver('KEYS') },
    { keys: 'c', label: 'New run', group: 'Everywhere', run: () => openNewRun() },
    { keys: '/', label: 'Search this page', group: 'Everywhere', run: focusSearch },
    { keys: 'g r', label: 'Runs', group: 'Everywhere', run: () => navigate('/') },
    { keys: 'g e', label: 'Environments', group: 'Everywhere', run: () => navigate('/environments') },
    { keys: 'g s', label: 'Settings', group: 'Everywhere', run: () => navigate('/settings') },
    { keys: 't', label: 'Theme', group: 'Everywhere', run: switchTheme },
  ]);
  useCommands(() => [
    { id: 'new', group: 'Do', label: 'New run', icon: 'plus', keys: 'c', run: () => openNewRun() },
    { id: 'runs', group: 'Go to', label: 'Runs', icon: 'runs', keys: 'g r', run: () => navigate('/') },
    {
      id: 'environments',
      group: 'Go to',
      label: 'Environments',
      icon: 'environment',
      keys: 'g e',
      run: () => navigate('/environments'),
    },
    { id: 'settings', group: 'Go to', label: 'Settings', icon: 'settings', keys: 'g s', run: () => navigate('/settings') },
    { id: 'sign-out', group: 'Do', label: 'Sign out', icon: 'lock', run: () => void signOut() },
    ...themes.map((choice) => ({
      id: `theme-${choice}`,
      group: 'Do' as const,
      label: `Theme: ${choice}`,
      icon: 'theme' as const,
      ...(theme() === choice ? { context: 'as it is now' } : {}),
      run: () => setTheme(choice),
    })),
    { id: 'keys', group: 'Do', label: 'All keys', icon: 'question', keys: '?', run: () => setOver('KEYS') },
  ]);

  return (
    <div class="app">
      <Bar
        onPalette={() => setOver('PALETTE')}
        onKeys={() => setOver('KEYS')}
        onTheme={switchTheme}
        onMenu={() => setOver('MENU')}
      />
      <Stopped>{props.children}</Stopped>
      <div class="visually-hidden" role="status">
        {announcement()}
      </div>
      <Show when={over() === 'PALETTE'}>
        <Palette onClose={close} />
      </Show>
      <Show when={over() === 'KEYS'}>
        <KeyHelp onClose={close} />
      </Show>
      <Show when={over() === 'MENU'}>
        <Dialog label="Pages" onClose={close} class="small">
          <div class="dialog-body">
            <MainNav onGo={close} />
            <button type="button" class="button" onClick={switchTheme}>
              Theme: {theme()}
            </button>
          </div>
        </Dialog>
      </Show>
      <Show when={newRun()}>{(start) => <NewRun start={start()} onClose={closeNewRun} />}</Show>
    </div>
  );
}

import { createContext, createSignal, onCleanup, useContext, type Accessor } from 'solid-js';
import { ask, onSignedOut } from '../api/client.ts';
import { createLoaded, type Loaded } from '../api/loaded.ts';
import { ViewerDocument, type ViewerQuery } from '../generated/operations.ts';
import { Connection, type ConnectionState } from '../live/connection.ts';
import { RunChanges } from '../live/runChanges.ts';

export type Viewer = ViewerQuery['viewer'];

/** What every page has: who looks at it, and the live connection. */
export interface App {
  readonly viewer: Viewer;
  readonly connection: Connection;
  readonly connectionState: Accessor<ConnectionState>;
  readonly runChanges: RunChanges;
}

export const AppContext = createContext<App>();

/** The app around this component. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('there is no app around this component');
  return app;
}

const liveUrl = (): string => new URL('/graphql', location.href).href.replace(/^http/, 'ws');

const signedIn = async (): Promise<boolean> => {
  try {
    await ask(ViewerDocument, {});
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'UNAUTHENTICATED') return false;
    throw error;
  }
};

/** Opens the live connection of a page, and follows its state. */
export function createConnection(): Pick<App, 'connection' | 'connectionState' | 'runChanges'> {
  const connection = new Connection({ url: liveUrl(), verify: signedIn });
  const [connectionState, setState] = createSignal(connection.state);
  connection.onState(setState);
  const tryNow = (): void => connection.tryNow();
  const tryWhenShown = (): void => {
    if (!document.hidden) tryNow();
  };
  window.addEventListener('online', tryNow);
  document.addEventListener('visibilitychange', tryWhenShown);
  onCleanup(() => {
    window.removeEventListener('online', tryNow);
    document.removeEventListener('visibilitychange', tryWhenShown);
    connection.dispose();
  });
  return { connection, connectionState, runChanges: new RunChanges(connection) };
}

/** Loads who looks at the page, and says when there is no sign-in (any more). */
export function createSignIn(): {
  readonly viewer: Accessor<Loaded<Viewer>>;
  readonly signedOut: Accessor<boolean>;
  readonly reload: () => Promise<void>;
} {
  const [signedOut, setSignedOut] = createSignal(false);
  onSignedOut(() => setSignedOut(true));
  const { state, reload } = createLoaded(async () => {
    const { viewer } = await ask(ViewerDocument, {});
    setSignedOut(false);
    return viewer;
  });
  return { viewer: state, signedOut, reload };
}

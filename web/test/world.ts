import { typeidUnboxed } from 'typeid-js';
import type { EnvironmentId, IdPrefix, parseId, RunId, TeamId, UserId } from '../../domain/ids.ts';
import type { Person, Role } from '../../domain/person.ts';
import type { SecretUse } from '../../domain/secret.ts';
import { StandInRun, type RunSetting } from './standInRun.ts';

type IdOf<P extends IdPrefix> = NonNullable<ReturnType<typeof parseId<P>>>;

export const newId = <P extends IdPrefix>(prefix: P): IdOf<P> => typeidUnboxed(prefix) as unknown as IdOf<P>;

export interface StandInEnvironment {
  readonly id: EnvironmentId;
  readonly name: string;
  readonly repositories: readonly {
    readonly url: string;
    readonly branch: string | null;
    readonly path: string;
    readonly push: boolean;
    readonly snapshot: { readonly ignored: readonly string[] };
  }[];
  readonly setupCommands: readonly string[];
  readonly variables: readonly { readonly name: string; readonly value: string }[];
  readonly idleSeconds: number | null;
  readonly createdAt: Date;
}

/** A secret but for its value. */
export interface StandInSecret {
  readonly name: string;
  readonly use: SecretUse;
  readonly host: string | null;
  readonly username: string | null;
  readonly knownHosts: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Everything the stand-in gateway knows, in memory: one team, its people, environments and runs. */
export class World {
  readonly team = { id: newId('team') as TeamId, name: 'Platform', slug: 'platform' };
  readonly people = ['Mira Okafor', 'Jonas Weber', 'Aiko Tan'].map((name) => ({ id: newId('usr') as UserId, name }));
  role: Role = 'MEMBER';
  readonly environments: StandInEnvironment[] = [];
  /** By environment and name. */
  readonly secrets = new Map<string, Map<string, StandInSecret>>();
  readonly runs = new Map<RunId, StandInRun>();
  /** What a client key has made: asked again, it is given again. */
  readonly made = new Map<string, { readonly body: string; readonly id: string }>();
  readonly #listeners = new Set<(run: StandInRun) => void>();
  /** Where scenarios stand in time; null: now. */
  time: number | null = null;

  get viewer() {
    return this.people[0] as { id: UserId; name: string };
  }

  /** The viewer as someone who asks for something. */
  get person(): Person {
    return { actor: { kind: 'USER', userId: this.viewer.id, name: this.viewer.name }, role: this.role };
  }

  readonly clock = (): Date => new Date(this.time ?? Date.now());

  /** Lets time pass in a scenario, in milliseconds. */
  pass(ms: number): void {
    if (this.time !== null) this.time += ms;
  }

  addEnvironment(environment: Partial<StandInEnvironment> & { name: string }): StandInEnvironment {
    const added: StandInEnvironment = {
      id: newId('env') as EnvironmentId,
      repositories: [
        {
          url: `https://git.example.com/platform/${environment.name}.git`,
          branch: 'main',
          path: '.',
          push: false,
          snapshot: { ignored: [] },
        },
      ],
      setupCommands: [],
      variables: [],
      idleSeconds: null,
      createdAt: this.clock(),
      ...environment,
    };
    this.environments.push(added);
    return added;
  }

  setSecret(environmentId: string, secret: Omit<StandInSecret, 'createdAt' | 'updatedAt'>): StandInSecret {
    const now = this.clock();
    const secrets = this.secrets.get(environmentId) ?? new Map<string, StandInSecret>();
    this.secrets.set(environmentId, secrets);
    const set = { ...secret, createdAt: secrets.get(secret.name)?.createdAt ?? now, updatedAt: now };
    secrets.set(secret.name, set);
    return set;
  }

  addRun(setting: Partial<RunSetting> & { title: string }): StandInRun {
    const run = new StandInRun(
      {
        id: newId('run') as RunId,
        origin: 'MANUAL',
        harness: 'SCRIPT',
        environmentId: (this.environments[0] ?? this.addEnvironment({ name: 'payments-api' })).id,
        teamId: this.team.id,
        creatorId: this.viewer.id,
        idleSeconds: 300,
        ...setting,
      },
      this.clock,
      (changed) => this.#tell(changed),
    );
    this.runs.set(run.id, run);
    this.#tell(run);
    return run;
  }

  onChange(listener: (run: StandInRun) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(run: StandInRun): void {
    for (const listener of this.#listeners) listener(run);
  }
}

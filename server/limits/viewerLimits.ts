import { GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { UserId } from '../../domain/ids.ts';
import type { Viewer } from '../auth/viewer.ts';

/** What one person may ask of this gateway, with all their tokens and browsers together. */
export interface ViewerLimitSettings {
  readonly operationsPerMinute: number;
  readonly operationsAtOnce: number;
  readonly subscriptions: number;
  readonly sockets: number;
}

/** How many of something each person has now. */
class Held {
  readonly #counts = new Map<UserId, number>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes one; gives what lets go of it, or null when the person has as many as they may. */
  take(userId: UserId): (() => void) | null {
    const count = this.#counts.get(userId) ?? 0;
    if (count >= this.#most) return null;
    this.#counts.set(userId, count + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#counts.get(userId) ?? 1) - 1;
      if (left > 0) this.#counts.set(userId, left);
      else this.#counts.delete(userId);
    };
  }
}

/** Counts what each person asks of this gateway, and refuses what is too much. */
export class ViewerLimits {
  readonly #settings: ViewerLimitSettings;
  readonly #rate: RateLimiterMemory;
  readonly #operations: Held;
  readonly #subscriptions: Held;
  readonly #sockets: Held;

  constructor(settings: ViewerLimitSettings) {
    this.#settings = settings;
    this.#rate = new RateLimiterMemory({ points: settings.operationsPerMinute, duration: 60 });
    this.#operations = new Held(settings.operationsAtOnce);
    this.#subscriptions = new Held(settings.subscriptions);
    this.#sockets = new Held(settings.sockets);
  }

  /** Opens a socket; null when the person has as many as they may. */
  openSocket(userId: UserId): (() => void) | null {
    return this.#sockets.take(userId);
  }

  /** Holds the limits of operations, whichever transport they come by. */
  plugin(): Plugin {
    return {
      onExecute: async ({ args, setResultAndStopExecution }) => {
        const { userId } = viewerOf(args.contextValue);
        const { operationsAtOnce } = this.#settings;
        const done = this.#operations.take(userId);
        const refusal = done
          ? await this.#refuseRate(userId)
          : refused('TOO_MANY_OPERATIONS', `${operationsAtOnce} operations of yours run here already. Wait for one to end.`, 1);
        if (refusal) {
          done?.();
          setResultAndStopExecution({ errors: [refusal] });
          return undefined;
        }
        return { onExecuteDone: () => done?.() };
      },
      onSubscribe: async ({ args, setResultAndStopExecution }) => {
        const { userId } = viewerOf(args.contextValue);
        const { subscriptions } = this.#settings;
        const done = this.#subscriptions.take(userId);
        const refusal = done
          ? await this.#refuseRate(userId)
          : refused('TOO_MANY_SUBSCRIPTIONS', `You have ${subscriptions} subscriptions open here. Let go of one first.`, 5);
        if (refusal) {
          done?.();
          setResultAndStopExecution({ errors: [refusal] });
          return undefined;
        }
        return {
          onSubscribeResult: ({ result }) => {
            // One that came to an error is over.
            if (!isAsyncIterable(result)) done?.();
            return { onEnd: () => done?.() };
          },
        };
      },
    };
  }

  async #refuseRate(userId: UserId): Promise<GraphQLError | null> {
    try {
      await this.#rate.consume(userId);
      return null;
    } catch (rejected) {
      if (!(rejected instanceof RateLimiterRes)) throw rejected;
      const seconds = Math.ceil((rejected.msBeforeNext ?? 1_000) / 1_000);
      const { operationsPerMinute } = this.#settings;
      return refused('RATE_LIMITED', `You may start ${operationsPerMinute} operations a minute. Go on in ${seconds} s.`, seconds);
    }
  }
}

const viewerOf = (context: unknown): Viewer => (context as { viewer: Viewer }).viewer;

const refused = (code: string, message: string, retryAfterSeconds: number): GraphQLError =>
  new GraphQLError(message, {
    extensions: { code, retryAfterSeconds, http: { status: 429, headers: { 'retry-after': String(retryAfterSeconds) } } },
  });

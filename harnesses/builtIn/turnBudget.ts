import { FailureError } from '../../domain/failure.ts';
import type { ModelUsage } from '../../domain/usage.ts';
import type { BuiltInSettings } from './settings.ts';

/** What a turn may still do: how often its model may be asked, and how much it may read and write. */
export class TurnBudget {
  readonly #settings: BuiltInSettings;
  #steps = 0;
  readonly models: ModelUsage[] = [];

  constructor(settings: BuiltInSettings) {
    this.#settings = settings;
  }

  /** Throws a FailureError (BUDGET_EXCEEDED) when the turn may not ask again. */
  spendStep(): void {
    const { turnSteps, turnTokens } = this.#settings;
    if (this.#steps >= turnSteps) throw over(`asked its model ${turnSteps} times`, 'BATON_AGENT_TURN_STEPS');
    const tokens = this.models.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
    if (tokens >= turnTokens)
      throw over(`used ${tokens.toLocaleString('en')} tokens of ${turnTokens.toLocaleString('en')}`, 'BATON_AGENT_TURN_TOKENS');
    this.#steps += 1;
  }

  used(usage: ModelUsage | null): void {
    if (usage) this.models.push(usage);
  }
}

const over = (what: string, setting: string): FailureError =>
  new FailureError(
    'BUDGET_EXCEEDED',
    `The turn has ${what}, which is all it may. What it did is kept: continue the run to let it go on, or raise ${setting} on the workers.`,
  );

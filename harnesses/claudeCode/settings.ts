/** What a worker gives Claude Code: where its program is, and the model that it asks. */
export interface ClaudeCodeSettings {
  /** The program, where one was named; nothing else is looked for then. */
  readonly program: string | null;
  /** The directories in which `claude` is looked for. */
  readonly path: readonly string[];
  /** Where it is installed when it is not found: each version in a directory of its own. */
  readonly installDirectory: string;
  /** Whether it may be installed. */
  readonly install: boolean;
  /** What npm runs with: the way to its registry is in there. */
  readonly environment: NodeJS.ProcessEnv;
  /** Stays in the worker: the agent's processes never see it. */
  readonly apiKey: string | null;
  /** Where Anthropic's API is, without `/v1`. */
  readonly baseUrl: string;
}

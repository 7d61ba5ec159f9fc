/** What a tool does, in the words of the Agent Client Protocol: https://agentclientprotocol.com/protocol/tool-calls */
export const toolKinds = ['READ', 'EDIT', 'DELETE', 'MOVE', 'SEARCH', 'EXECUTE', 'THINK', 'FETCH', 'OTHER'] as const;
export type ToolKind = (typeof toolKinds)[number];

/** A call of a tool by an agent. */
export interface ToolCall {
  /** The agent's own id of the call. */
  readonly id: string;
  /** The tool's name, as the agent has it. */
  readonly name: string;
  readonly kind: ToolKind;
}

/** How much of a tool's input an event holds, and of each side of a diff, in bytes of UTF-8. */
export const toolInputBytes = 16 * 1024;
export const diffSideBytes = 24 * 1024;

export const planStatuses = ['PENDING', 'IN_PROGRESS', 'COMPLETED'] as const;
export type PlanStatus = (typeof planStatuses)[number];

/** One step of what an agent means to do. */
export interface PlanEntry {
  readonly content: string;
  readonly status: PlanStatus;
}

/** What an event of a plan holds at most. */
export const planLimits = { entries: 50, contentCharacters: 200 } as const;

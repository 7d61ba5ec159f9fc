import { z } from 'zod';

/**
 * What Claude Code writes, a JSON object per line, as far as the driver reads it; more fields and more types may be
 * there. https://docs.claude.com/en/docs/claude-code/sdk/sdk-headless
 */

const toolUse = z.object({
  type: z.literal('tool_use'),
  id: z.string(),
  name: z.string(),
  input: z.record(z.string(), z.unknown()).default({}),
});
const toolResult = z.object({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.unknown(),
  is_error: z.boolean().nullish(),
});
const text = z.object({ type: z.literal('text'), text: z.string() });
const thinking = z.object({ type: z.literal('thinking'), thinking: z.string() });
const other = z.object({ type: z.string() });
const block = z.union([toolUse, toolResult, text, thinking, other]);

const parent = z.string().nullish();

const assistant = z.object({
  type: z.literal('assistant'),
  message: z.object({ id: z.string(), model: z.string().optional(), content: z.array(block) }),
  parent_tool_use_id: parent,
});
const user = z.object({
  type: z.literal('user'),
  message: z.object({ content: z.union([z.string(), z.array(block)]) }),
  parent_tool_use_id: parent,
  tool_use_result: z.unknown(),
});
const streamEvent = z.object({
  type: z.literal('stream_event'),
  parent_tool_use_id: parent,
  event: z.object({
    type: z.string(),
    index: z.number().optional(),
    message: z.object({ id: z.string() }).optional(),
    content_block: z.object({ type: z.string() }).optional(),
    delta: z.object({ type: z.string().optional(), text: z.string().optional(), thinking: z.string().optional() }).optional(),
  }),
});
const system = z.object({
  type: z.literal('system'),
  subtype: z.string(),
  model: z.string().optional(),
  claude_code_version: z.string().optional(),
  session_id: z.string().optional(),
  // Of api_retry.
  attempt: z.number().optional(),
  max_retries: z.number().optional(),
  retry_delay_ms: z.number().optional(),
  error_status: z.number().nullish(),
  error: z.string().nullish(),
});
const count = z.number().default(0);
const modelUsage = z.object({
  inputTokens: count,
  outputTokens: count,
  cacheReadInputTokens: count,
  cacheCreationInputTokens: count,
  thinkingTokens: count,
  costUSD: count,
});
const result = z.object({
  type: z.literal('result'),
  subtype: z.string(),
  is_error: z.boolean().default(false),
  result: z.string().nullish(),
  errors: z.array(z.string()).nullish(),
  api_error_status: z.number().nullish(),
  terminal_reason: z.string().nullish(),
  // Unlike `modelUsage`, which goes on counting when a conversation is resumed.
  model_usage_since_last_result: z.record(z.string(), modelUsage).default({}),
});
const controlRequest = z.object({
  type: z.literal('control_request'),
  request_id: z.string(),
  request: z.object({
    subtype: z.string(),
    tool_name: z.string().optional(),
    input: z.record(z.string(), z.unknown()).default({}),
    description: z.string().nullish(),
    tool_use_id: z.string().nullish(),
  }),
});
const controlCancel = z.object({ type: z.literal('control_cancel_request'), request_id: z.string() });

const known = z.discriminatedUnion('type', [assistant, user, streamEvent, system, result, controlRequest, controlCancel]);

export type Line = z.output<typeof known>;
export type Assistant = z.output<typeof assistant>;
export type User = z.output<typeof user>;
export type StreamEvent = z.output<typeof streamEvent>;
export type SystemLine = z.output<typeof system>;
export type Result = z.output<typeof result>;
export type ControlRequest = z.output<typeof controlRequest>;
export type ToolUse = z.output<typeof toolUse>;
export type ToolResult = z.output<typeof toolResult>;

const types: ReadonlySet<string> = new Set(known.options.map((option) => option.shape.type.value));

/** A line that is not what Claude Code writes: damaged, or of a version that speaks otherwise. */
export class ProtocolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProtocolError';
  }
}

/** Reads a line; null for an empty one and for one of a type that the driver has no use for. Throws ProtocolError. */
export function parseLine(line: string): Line | null {
  if (line.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new ProtocolError('a line is not JSON', { cause: error });
  }
  const { type } = z.object({ type: z.string().optional() }).safeParse(value).data ?? {};
  if (type === undefined) throw new ProtocolError('a line has no type');
  if (!types.has(type)) return null;
  const parsed = known.safeParse(value);
  if (!parsed.success) throw new ProtocolError(`a line of type ${type} is not as expected: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export const isToolUse = (one: { readonly type: string }): one is ToolUse => one.type === 'tool_use';
export const isToolResult = (one: { readonly type: string }): one is ToolResult => one.type === 'tool_result';

/** Text of a message's blocks, or of a tool's result. */
export function textIn(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((one) => text.safeParse(one).data?.text ?? '').join('\n');
}

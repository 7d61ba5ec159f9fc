import type { Frame } from './modelServer.ts';
import { piecesOf, usageOf, type ModelRequest, type Reply } from './reply.ts';

/** The Chat Completions API, as it streams: https://platform.openai.com/docs/api-reference/chat-streaming */

interface Body {
  readonly model: string;
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly messages: readonly {
    readonly role: string;
    readonly content?: string | readonly { readonly text?: string }[] | null;
  }[];
}

const textIn = (content: Body['messages'][number]['content']): string =>
  typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('');

export function readChat(body: Body): Omit<ModelRequest, 'wire' | 'key' | 'body'> {
  const of = (role: string) => body.messages.filter((message) => message.role === role);
  return {
    model: body.model,
    system: [...of('system'), ...of('developer')].map(({ content }) => textIn(content)).join('\n'),
    tools: (body.tools ?? []).map((tool) => tool.function.name),
    turns: body.messages
      .filter(({ role }) => ['user', 'tool', 'assistant'].includes(role))
      .map(({ role, content }) => ({
        by: role === 'user' ? 'USER' : role === 'tool' ? 'TOOL' : 'MODEL',
        text: textIn(content),
      })),
  };
}

export function chatFrames(reply: Reply, id: string, model: string): Frame[] {
  const usage = usageOf(reply);
  const chunk = (delta: object | null, finish: string | null, more: object = {}): Frame => ({
    event: null,
    data: {
      id,
      object: 'chat.completion.chunk',
      created: 1,
      model,
      choices: delta === null ? [] : [{ index: 0, delta, finish_reason: finish }],
      ...more,
    },
  });
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...piecesOf(reply.thought ?? '').map((reasoning_content) => chunk({ reasoning_content }, null)),
    ...piecesOf(reply.text ?? '').map((content) => chunk({ content }, null)),
    ...(reply.calls ?? []).map(({ name, input }, index) =>
      chunk(
        {
          tool_calls: [
            { index, id: `call_${id}_${index}`, type: 'function', function: { name, arguments: JSON.stringify(input) } },
          ],
        },
        null,
      ),
    ),
    chunk({}, reply.calls?.length ? 'tool_calls' : 'stop'),
    chunk(null, null, {
      usage: {
        prompt_tokens: usage.input,
        completion_tokens: usage.output,
        total_tokens: usage.input + usage.output,
        prompt_tokens_details: { cached_tokens: usage.cacheRead },
      },
    }),
    { event: null, data: '[DONE]' },
  ];
}

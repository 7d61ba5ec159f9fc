import type { Frame } from './modelServer.ts';
import { piecesOf, usageOf, type ModelRequest, type ModelTurn, type Reply } from './reply.ts';

/** Anthropic's Messages API, as it streams: https://docs.anthropic.com/en/api/messages-streaming */

type Block = { type: string; text?: string; thinking?: string; content?: unknown; name?: string; input?: unknown };
interface Body {
  readonly model: string;
  readonly system?: string | readonly { readonly text: string }[];
  readonly tools?: readonly { readonly name: string }[];
  readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[];
}

const textIn = (content: unknown): string =>
  typeof content === 'string' ? content : Array.isArray(content) ? content.map((part: Block) => part.text ?? '').join('') : '';

export function readMessages(body: Body): Omit<ModelRequest, 'wire' | 'key' | 'body'> {
  const turns = body.messages.flatMap(({ role, content }): ModelTurn[] => {
    const by = role === 'assistant' ? 'MODEL' : 'USER';
    if (typeof content === 'string') return [{ by, text: content }];
    return content.flatMap((block): ModelTurn[] => {
      if (block.type === 'text') return [{ by, text: block.text ?? '' }];
      if (block.type === 'tool_result') return [{ by: 'TOOL', text: textIn(block.content) }];
      return [];
    });
  });
  return { model: body.model, system: textIn(body.system), tools: (body.tools ?? []).map(({ name }) => name), turns };
}

export function messagesFrames(reply: Reply, id: string, model: string): Frame[] {
  const usage = usageOf(reply);
  const event = (type: string, data: object): Frame => ({ event: type, data: { type, ...data } });
  const counted = {
    input_tokens: usage.input - usage.cacheRead,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation_input_tokens: 0,
  };
  const message = { id, type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null };
  const frames = [event('message_start', { message: { ...message, usage: { ...counted, output_tokens: 1 } } })];
  let index = 0;
  const block = (start: object, deltas: readonly object[]): void => {
    frames.push(event('content_block_start', { index, content_block: start }));
    frames.push(...deltas.map((delta) => event('content_block_delta', { index, delta })));
    frames.push(event('content_block_stop', { index }));
    index += 1;
  };
  if (reply.thought !== undefined) {
    block({ type: 'thinking', thinking: '', signature: '' }, [
      ...piecesOf(reply.thought).map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature: 'c2lnbmVk' },
    ]);
  }
  if (reply.text !== undefined) {
    block(
      { type: 'text', text: '' },
      piecesOf(reply.text).map((text) => ({ type: 'text_delta', text })),
    );
  }
  for (const [n, { name, input }] of (reply.calls ?? []).entries()) {
    block(
      { type: 'tool_use', id: `toolu_${id}_${n}`, name, input: {} },
      piecesOf(JSON.stringify(input)).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
    );
  }
  const stop_reason = reply.calls?.length ? 'tool_use' : 'end_turn';
  frames.push(
    event('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { ...counted, output_tokens: usage.output } }),
  );
  frames.push(event('message_stop', {}));
  return frames;
}

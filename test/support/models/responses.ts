import type { Frame } from './modelServer.ts';
import { piecesOf, usageOf, type ModelRequest, type ModelTurn, type Reply } from './reply.ts';

/** OpenAI's Responses API, as it streams: https://platform.openai.com/docs/api-reference/responses-streaming */

interface Item {
  readonly type?: string;
  readonly role?: string;
  readonly content?: string | readonly { readonly text?: string }[];
  readonly output?: string | readonly { readonly text?: string }[];
}
interface Body {
  readonly model: string;
  readonly instructions?: string;
  readonly tools?: readonly { readonly name?: string }[];
  readonly input: string | readonly Item[];
}

const textIn = (content: Item['content']): string =>
  typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('');

export function readResponses(body: Body): Omit<ModelRequest, 'wire' | 'key' | 'body'> {
  const input = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input;
  const systems = input.filter(({ role }) => role === 'system' || role === 'developer');
  return {
    model: body.model,
    system: [body.instructions ?? '', ...systems.map(({ content }) => textIn(content))].join('\n'),
    tools: (body.tools ?? []).flatMap(({ name }) => (name === undefined ? [] : [name])),
    turns: input.flatMap((item: Item): ModelTurn[] => {
      if (item.type === 'function_call_output') return [{ by: 'TOOL', text: textIn(item.output) }];
      if (item.role === 'user') return [{ by: 'USER', text: textIn(item.content) }];
      if (item.role === 'assistant') return [{ by: 'MODEL', text: textIn(item.content) }];
      return [];
    }),
  };
}

export function responsesFrames(reply: Reply, id: string, model: string): Frame[] {
  const usage = usageOf(reply);
  const frames: Frame[] = [];
  const event = (type: string, data: object): void => {
    frames.push({ event: type, data: { type, sequence_number: frames.length, ...data } });
  };
  const base = { id, object: 'response', created_at: 1, model, status: 'in_progress', output: [] };
  const output: object[] = [];
  const add = (begun: object, done: object, between: (at: { output_index: number; item_id: string }) => void): void => {
    const at = { output_index: output.length, item_id: `item_${id}_${output.length}` };
    event('response.output_item.added', { output_index: at.output_index, item: { id: at.item_id, ...begun } });
    between(at);
    const item = { id: at.item_id, ...done };
    event('response.output_item.done', { output_index: at.output_index, item });
    output.push(item);
  };
  event('response.created', { response: base });
  if (reply.thought !== undefined) {
    const thought = reply.thought;
    const summary = { type: 'reasoning', summary: [{ type: 'summary_text', text: thought }], encrypted_content: 'c2VhbGVk' };
    add({ type: 'reasoning', summary: [] }, summary, (at) => {
      event('response.reasoning_summary_part.added', { ...at, summary_index: 0, part: { type: 'summary_text', text: '' } });
      for (const delta of piecesOf(thought)) event('response.reasoning_summary_text.delta', { ...at, summary_index: 0, delta });
      event('response.reasoning_summary_part.done', { ...at, summary_index: 0, part: { type: 'summary_text', text: thought } });
    });
  }
  if (reply.text !== undefined) {
    const text = reply.text;
    const said = {
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text, annotations: [] }],
    };
    add({ type: 'message', role: 'assistant', status: 'in_progress', content: [] }, said, (at) => {
      const part = { type: 'output_text', text: '', annotations: [] };
      event('response.content_part.added', { ...at, content_index: 0, part });
      for (const delta of piecesOf(text)) event('response.output_text.delta', { ...at, content_index: 0, delta });
      event('response.output_text.done', { ...at, content_index: 0, text });
    });
  }
  for (const { name, input } of reply.calls ?? []) {
    const call = { type: 'function_call', call_id: `call_${id}_${output.length}`, name };
    const text = JSON.stringify(input);
    add({ ...call, arguments: '', status: 'in_progress' }, { ...call, arguments: text, status: 'completed' }, (at) => {
      for (const delta of piecesOf(text)) event('response.function_call_arguments.delta', { ...at, delta });
      event('response.function_call_arguments.done', { ...at, arguments: text });
    });
  }
  const counted = {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cacheRead },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.input + usage.output,
  };
  event('response.completed', { response: { ...base, status: 'completed', output, usage: counted } });
  return frames;
}

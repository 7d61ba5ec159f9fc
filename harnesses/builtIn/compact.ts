import type { LanguageModel, ModelMessage } from 'ai';
import type { TurnOutlet } from '../harness.ts';
import { askModel } from './askModel.ts';
import type { Conversation } from './conversation.ts';
import { patiently } from './patientModel.ts';
import { outputTokensOf, type BuiltInSettings } from './settings.ts';
import type { TurnBudget } from './turnBudget.ts';

/** How full the model's window may be before the conversation is summed up. */
const fullAt = 0.8;
/** Up to here it is summed up from all of it; beyond, from the beginnings of what tools gave. */
const fits = 0.9;
const shortCharacters = 500;

const request = `The conversation grows longer than you can read at once. Write a summary that you will go on from, without this conversation: what the person asked for, in their words where they matter; what was decided and why; what you did, file by file; what the state of the workspace is; what did not work; what is left to do. Write nothing else.`;

export interface Compacting {
  readonly model: LanguageModel;
  readonly settings: BuiltInSettings;
  readonly instructions: string;
  readonly outlet: TurnOutlet;
  readonly signal: AbortSignal;
  readonly budget: TurnBudget;
}

function shortened(message: ModelMessage): ModelMessage {
  if (message.role !== 'tool') return message;
  return {
    role: 'tool',
    content: message.content.map((part) =>
      part.type === 'tool-result' && part.output.type === 'text'
        ? { ...part, output: { type: 'text', value: part.output.value.slice(0, shortCharacters) } }
        : part,
    ),
  };
}

/** Whether the conversation is to be summed up before the model is asked again. */
export const isFull = ({ tokens }: Conversation, { contextTokens }: BuiltInSettings): boolean => tokens > contextTokens * fullAt;

/**
 * Puts a summary by the model in place of the conversation, and tells the transcript: that it is done, and the summary as
 * a thought. What the person asked for last goes on word for word.
 */
export async function compact(conversation: Conversation, asked: string, compacting: Compacting): Promise<void> {
  const { model, settings, instructions, outlet, signal, budget } = compacting;
  const { tokens } = conversation;
  budget.spendStep();
  await outlet.emit({
    type: 'notice',
    level: 'INFO',
    code: 'CONTEXT_COMPACTED',
    message: `The conversation has ${tokens.toLocaleString('en')} tokens of the ${settings.contextTokens.toLocaleString('en')} that the model can read. It goes on from a summary; this transcript keeps all of it.`,
  });
  const said = tokens > settings.contextTokens * fits ? conversation.messages.map(shortened) : conversation.messages;
  const messages: ModelMessage[] = [...said, { role: 'user', content: request }];
  const answer = await patiently(
    () =>
      askModel(
        {
          model,
          modelName: settings.model ?? '',
          instructions,
          messages,
          tools: {},
          outputTokens: outputTokensOf(settings),
          signal,
          asThought: true,
        },
        outlet.emit,
      ),
    { emit: outlet.emit, signal, retryMs: settings.retryMs },
  );
  budget.used(answer?.usage ?? null);
  if (!answer || answer.aborted || answer.text === '') return;
  conversation.replace({
    role: 'user',
    content: `Your summary of the conversation up to here:\n\n${answer.text}\n\nThe person's last message, on which you are working:\n\n${asked}`,
  });
}

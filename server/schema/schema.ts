import './audit.ts';
import './environment.ts';
import './errors.ts';
import './message.ts';
import './people.ts';
import './prompt.ts';
import './quota.ts';
import './removalEvents.ts';
import './retention.ts';
import './run.ts';
import './runEvents.ts';
import './secret.ts';
import './session.ts';
import './sessionEvents.ts';
import './snapshot.ts';
import './snapshotDifference.ts';
import './token.ts';
import './transcript.ts';
import './turnEvents.ts';
import './query.ts';
import './mutations/control.ts';
import './mutations/createEnvironment.ts';
import './mutations/createRun.ts';
import './mutations/messages.ts';
import './mutations/removal.ts';
import './mutations/secrets.ts';
import './mutations/teams.ts';
import './mutations/tokens.ts';
import { builder } from './builder.ts';
import { subscribeTranscript } from './subscription.ts';

/** The API. `schema.graphql` is printed from it. */
export const schema = builder.toSchema();

// The errors plugin makes a generator of a subscription, and one that waits for its next value cannot be ended: whoever
// stopped watching a quiet run would be served until it speaks again. Ours yields its errors, and ends at once.
const transcript = schema.getSubscriptionType()?.getFields()['transcript'];
if (transcript) transcript.subscribe = subscribeTranscript;

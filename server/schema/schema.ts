import './environment.ts';
import './errors.ts';
import './message.ts';
import './people.ts';
import './prompt.ts';
import './removalEvents.ts';
import './retention.ts';
import './run.ts';
import './runEvents.ts';
import './session.ts';
import './sessionEvents.ts';
import './snapshot.ts';
import './transcript.ts';
import './turnEvents.ts';
import './query.ts';
import './mutations/control.ts';
import './mutations/createEnvironment.ts';
import './mutations/createRun.ts';
import './mutations/messages.ts';
import './mutations/removal.ts';
import './subscription.ts';
import { builder } from './builder.ts';

/** The API. `schema.graphql` is printed from it. */
export const schema = builder.toSchema();

import type { JSX } from 'solid-js';
import { ErrorCard } from '../../ui/ErrorCard.tsx';
import type { Failure } from '../model/transcript.ts';

/** Whose a failure is to mend, and whether trying again may help. */
export const whoseFailure = ({ origin, retryable }: Failure): string =>
  `${origin === 'USER' ? 'yours to mend' : 'ours to mend'}, ${retryable ? 'can be tried again' : 'trying again will not help'}`;

/** Why a session or run failed, with what to do. */
export function FailureCard(props: { title: string; failure: Failure; children?: JSX.Element }): JSX.Element {
  return (
    <ErrorCard title={props.title} message={props.failure.message} code={props.failure.code} whose={whoseFailure(props.failure)}>
      {props.children}
    </ErrorCard>
  );
}

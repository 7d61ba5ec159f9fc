import type { JSX } from 'solid-js';
import { ErrorCard } from './ErrorCard.tsx';
import { Icon } from './Icon.tsx';

/** A page or part of it that could not be loaded. */
export function LoadFailed(props: {
  what: string;
  code: string;
  message: string;
  onRetry: () => void;
  page?: boolean;
}): JSX.Element {
  const away = (): boolean => props.code === 'GATEWAY_UNREACHABLE';
  return (
    <ErrorCard
      title={away() ? 'The gateway does not answer' : `${props.what} could not be loaded`}
      message={props.message}
      code={props.code}
      {...(props.code !== 'NOT_FOUND' && { whose: 'ours to mend' })}
      page={props.page ?? false}
      icon={away() ? 'offline' : 'warning'}
    >
      <button type="button" class="button" onClick={() => props.onRetry()}>
        <Icon name="retry" />
        Try again
      </button>
    </ErrorCard>
  );
}

/**
 * An async iterator whose `return` takes effect at once. A generator that waits for something would return only after
 * the wait; here the signal that its waits listen to is aborted first.
 */
export function cancelable<T>(make: (signal: AbortSignal) => AsyncGenerator<T, void, void>): AsyncIterableIterator<T> {
  const controller = new AbortController();
  const generator = make(controller.signal);
  return {
    next: () => generator.next(),
    return: async () => {
      controller.abort();
      await generator.return();
      return { done: true, value: undefined };
    },
    throw: async (error: unknown) => {
      controller.abort();
      return generator.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

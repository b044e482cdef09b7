/** Resolves after so many milliseconds, or as soon as one of the signals says stop. */
export function pause(ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => resolve();
  for (const signal of signals) {
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
  }
  return promise.finally(() => {
    clearTimeout(timer);
    for (const signal of signals) signal?.removeEventListener('abort', stop);
  });
}

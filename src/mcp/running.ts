/** Work that has begun and is not done yet. */
export type Running = {
  /** Counts the work until it is done, and gives it back. */
  add<T>(work: Promise<T>): Promise<T>;
  /** Waits until nothing runs: what had just been read is begun, and what is done is on its way out. */
  idle(): Promise<void>;
};

export function createRunning(): Running {
  const running = new Set<Promise<unknown>>();
  return {
    add: (work) => {
      running.add(work);
      return work.finally(() => running.delete(work));
    },
    idle: async () => {
      await nextTurn();
      while (running.size > 0) {
        await Promise.allSettled(running);
        await nextTurn();
      }
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

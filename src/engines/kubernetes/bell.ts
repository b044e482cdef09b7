import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that writes a line for every change, until it ends for whatever reason or is told to stop. */
export type Listen = (ring: () => void, signal: AbortSignal) => Promise<void>;

/**
 * What says that something has changed, and nothing else. Whoever hears it lists anew, so events that come twice, late or
 * never, bookmarks, a version that is too old, a connection that is cut and a server that was restarted are all the same: at
 * worst a round too many, and the next one by the clock.
 */
export class Bell {
  #rung: PromiseWithResolvers<void> = Promise.withResolvers();

  readonly #gapMs: number;

  /** What rings within the gap is one ring: a burst of events is one round. */
  constructor(gapMs = 500) {
    this.#gapMs = gapMs;
  }

  readonly ring = (): void => {
    this.#rung.resolve();
  };

  /** Until it rings, or so long at most; what rang before is heard at once, and once. */
  async heard(atMostMs: number, signal: AbortSignal): Promise<void> {
    const both = new AbortController();
    const late = sleep(atMostMs, undefined, { signal: AbortSignal.any([signal, both.signal]) });
    await Promise.race([this.#rung.promise, late.catch(() => undefined)]);
    both.abort();
    await sleep(Math.min(this.#gapMs, atMostMs), undefined, { signal }).catch(() => undefined);
    this.#rung = Promise.withResolvers();
  }
}

const firstPauseMs = 1000;

/**
 * Listens for as long as it is not told to stop, anew each time that it ends, and rings then too: what changed in between
 * nobody has said. What ends again and again and says nothing is begun less and less often.
 */
export async function keepListening(
  listen: Listen,
  bell: Bell,
  signal: AbortSignal,
  longestPauseMs = 30_000,
): Promise<void> {
  let pauseMs = Math.min(firstPauseMs, longestPauseMs);
  const heard = () => {
    pauseMs = Math.min(firstPauseMs, longestPauseMs);
    bell.ring();
  };
  while (!signal.aborted) {
    await listen(heard, signal);
    if (signal.aborted) return;
    bell.ring();
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

/**
 * The user's own `kubectl`, watching workloads. What it lists before it watches rings too, so that nothing is missed between
 * a round and the watch after it. A request that hangs ends by itself and is made anew.
 */
export function watchWorkloads(given: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly context?: string;
  readonly requestTimeoutS?: number;
}): Listen {
  const { env, context, requestTimeoutS = 300 } = given;
  const common = [
    ...(context === undefined ? [] : [`--context=${context}`]),
    `--request-timeout=${requestTimeoutS}s`,
  ];
  const args = ['get', 'workloads.kueue.x-k8s.io', '-A', '--watch', '-o', 'name'];
  return (ring, signal) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const child = spawn('kubectl', [...common, ...args], {
      env: { ...env },
      signal,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    createInterface({ input: child.stdout }).on('line', ring);
    child.on('error', () => {
      resolve();
    });
    child.on('close', () => {
      resolve();
    });
    return promise;
  };
}

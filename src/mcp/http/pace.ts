/** How often somebody may ask: so many at once, and so many more each second. */
export type Rate = { readonly burst: number; readonly perSecond: number };

/** So many each second, and twice as many at once unless said otherwise. */
export function rateOf({
  perSecond,
  burst = Math.max(1, Math.ceil(2 * perSecond)),
}: {
  readonly perSecond: number;
  readonly burst?: number;
}): Rate {
  return { perSecond, burst };
}

export type Pace = {
  /** Counts one request of `who`. Gives the seconds to wait when it is one too many, and 0 when it is not. */
  take(who: string): number;
};

/** So many askers are remembered; more of them push out those that asked longest ago. */
const remembered = 10_000;

/** A bucket of tokens for each asker. `nowMs` is a clock that never goes back. */
export function createPace({ burst, perSecond }: Rate, nowMs: () => number): Pace {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    take: (who) => {
      const atMs = nowMs();
      const before = buckets.get(who) ?? { tokens: burst, atMs };
      const tokens = Math.min(burst, before.tokens + ((atMs - before.atMs) / 1000) * perSecond);
      buckets.delete(who);
      buckets.set(who, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs });
      const [oldest] = buckets.keys();
      if (buckets.size > remembered && oldest !== undefined) buckets.delete(oldest);
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perSecond);
    },
  };
}

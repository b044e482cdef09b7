import type { GpuNeed, Guarantee, Isolation, Objective, TopologyLevel } from '../../model/demand.ts';
import type { Regime } from '../../model/tenant.ts';
import type { Moment } from '../moment.ts';
import type { Extent } from '../normalise.ts';
import type { Region } from '../regions.ts';

/** Calendar units, so that three days stay three days when the clock changes. */
export type Length = {
  readonly months?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
};

export type Place = { readonly path: string; readonly level: 'site' | 'hall' | 'rack' | 'node' };

/** A count of GPUs; `groups` are nodes or replicas, `each` the GPUs of one. */
export type Amount =
  | { readonly shape: 'total'; readonly gpus: number }
  | { readonly shape: 'each'; readonly groups: number; readonly gpus: number }
  | { readonly shape: 'spread'; readonly groups: number; readonly gpus: number }
  | { readonly shape: 'nodes'; readonly groups: number };

/** A part of a GPU: thousandths of it, or a MIG instance. */
export type SliceWish = NonNullable<GpuNeed['slice']>;

export type Bound = 'at-least' | 'more-than' | 'at-most' | 'about' | 'more';

export type TimeRole =
  | 'start'
  | 'earliest'
  | 'end'
  | 'deadline'
  | 'latest-start'
  | 'during'
  | 'within'
  | 'bare';

export type MoneyBasis = 'total' | 'hour' | 'day' | 'week' | 'unclear';

export type TraitValues = {
  link: 'nvlink' | 'xgmi';
  rdma: true;
  together: TopologyLevel;
  apart: TopologyLevel;
  align: 'numa' | 'pcie-root';
  isolation: Isolation;
  guarantee: Guarantee;
  objective: Objective;
  regime: Regime;
  survive: 'node' | 'rack' | 'feed' | 'site';
  'open-end': true;
  'any-model': true;
  'any-place': true;
  preference: true;
  purpose: true;
};

/** A word or phrase with one fixed meaning. */
export type Trait = {
  [S in keyof TraitValues]: { readonly slot: S; readonly value: TraitValues[S] };
}[keyof TraitValues];

export type Meaning =
  | { readonly kind: 'place'; readonly places: readonly Place[] }
  | { readonly kind: 'unknown-place'; readonly asked: string; readonly didYouMean?: string }
  | { readonly kind: 'tenant'; readonly tenant: string; readonly exact: boolean }
  | {
      readonly kind: 'model';
      readonly asked: string;
      readonly models: readonly string[];
      readonly isStrange?: true;
    }
  | { readonly kind: 'gpus' }
  | { readonly kind: 'contract'; readonly contract: string }
  | { readonly kind: 'plan'; readonly plan: string }
  | { readonly kind: 'project'; readonly project: string }
  | {
      readonly kind: 'length';
      readonly length: Length;
      readonly stated: boolean;
      readonly forward: boolean;
      readonly isArticle: boolean;
    }
  | { readonly kind: 'money'; readonly eur: number; readonly basis: MoneyBasis }
  | { readonly kind: 'foreign-money' }
  | { readonly kind: 'cores'; readonly count: number; readonly per: 'replica' | 'gpu' }
  | { readonly kind: 'memory'; readonly mib: number; readonly per: 'replica' | 'gpu' }
  | { readonly kind: 'storage'; readonly gib: number }
  | { readonly kind: 'gpu-memory'; readonly mib: number }
  | { readonly kind: 'nic'; readonly mbps: number }
  | { readonly kind: 'members-left'; readonly count: number }
  | { readonly kind: 'region'; readonly region: Region }
  | { readonly kind: 'amount'; readonly amount: Amount; readonly bound?: Bound }
  | { readonly kind: 'slice'; readonly slice: SliceWish; readonly count?: number }
  | { readonly kind: 'fraction'; readonly words: string }
  | { readonly kind: 'number'; readonly value: number }
  | {
      readonly kind: 'time';
      readonly moment: Moment;
      readonly role: TimeRole;
      readonly inclusive: boolean;
    }
  | { readonly kind: 'trait'; readonly trait: Trait };

/** A stretch of text with a meaning. `negative`: the words before it say not this. */
export type Span = Extent & Meaning & { readonly negative?: boolean };

export type SpanOf<K extends Meaning['kind']> = Extract<Span, { kind: K }>;

/** Longest first, then the earlier, then the one found first; none overlaps another. In text order. */
export function longestFirst<S extends Extent>(candidates: readonly S[]): readonly S[] {
  const ranked = candidates
    .map((span, order) => ({ span, order, length: span.to - span.from }))
    .toSorted((a, b) => b.length - a.length || a.span.from - b.span.from || a.order - b.order);
  const chosen: S[] = [];
  for (const { span } of ranked) if (!chosen.some((other) => overlap(span, other))) chosen.push(span);
  return inOrder(chosen);
}

export function inOrder<S extends Extent>(spans: readonly S[]): readonly S[] {
  return spans.toSorted((a, b) => a.from - b.from || a.to - b.to);
}

export function overlap(a: Extent, b: Extent): boolean {
  return a.from < b.to && b.from < a.to;
}

/** The text with every covered character blank: what later readers may still read. */
export function mask(text: string, covered: readonly Extent[]): string {
  let masked = text;
  for (const { from, to } of covered)
    masked = masked.slice(0, from) + ' '.repeat(to - from) + masked.slice(to);
  return masked;
}

/** All matches of a global pattern as extents. */
export function matches(text: string, pattern: RegExp): readonly (Extent & { match: RegExpExecArray })[] {
  return [...text.matchAll(pattern)].map((match) => ({
    from: match.index,
    to: match.index + match[0].length,
    match,
  }));
}

import type { Path } from '../../model/id.ts';
import type { Glance } from './windows.ts';

/** What metrics show of a term in each window, and what they come to in words. */
export type Seen =
  | { readonly glances: readonly Glance[]; readonly delivered: string; readonly places: readonly Path[] }
  | { readonly unmeasured: string };

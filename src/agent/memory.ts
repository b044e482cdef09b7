import type { ContractView } from '../model/contract-view.ts';
import type { DemandRequest } from '../model/demand.ts';
import type { PlanView, RefusalView } from '../model/plan-view.ts';
import type { Frame, Problem } from './frame.ts';
import { ordinalWords } from './numbers.ts';

/** What the next line may refer to. */
export type Memory = {
  /** The request under discussion, planned or not. */
  frame?: Frame;
  /** Questions about it that are still open; an answer to them is not a new request. */
  open?: readonly Problem[];
  /** The plan that `ok do it` commits. */
  plan?: PlanView;
  /** Words of its request that nothing consumed: a mere yes does not commit it. */
  unread?: readonly string[];
  /** The last refusal, whose offers can be taken by number. */
  refusal?: { readonly demand?: DemandRequest; readonly refusal: RefusalView };
  /** A release that waits for a yes. */
  release?: { readonly contract: string; readonly version: number };
  /** The request of the last yes: what `same again` repeats. */
  lastFrame?: Frame;
  /** The contract of the last yes: what `undo` gives back. */
  committed?: string;
  /** The contract that `it` means. */
  contract?: ContractView | undefined;
  /** A line that lacked nothing but a contract: an id said next completes it. */
  unfinished?: string;
  /** What was shown last, for `the second one`. */
  list?: { readonly kind: 'nodes' | 'contracts' | 'offers'; readonly ids: readonly string[] };
};

/** Forgets the request and everything that waits for a yes. */
export function forgetRequest(memory: Memory): void {
  delete memory.frame;
  delete memory.open;
  delete memory.plan;
  delete memory.unread;
  delete memory.refusal;
  delete memory.release;
}

/** Which entry of a list a line points at: `the second one`, `#2`, `option 3`, `the last one`. From 0. */
export function pointedAt(text: string, length: number): number | undefined {
  if (length === 0) return undefined;
  if (/\bthe last (?:one|option|node|contract|offer)\b|^\W*(?:the )?last(?: one)?\W*$/u.test(text))
    return length - 1;
  const word =
    /\b(?:the )?(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b(?: (?:one|option|node|contract|offer|alternative))?/u.exec(
      text,
    )?.[1];
  const number = /(?:#|\b(?:number|no\.?|option|offer|alternative) ?)(\d{1,3})\b/u.exec(text)?.[1];
  const at = word === undefined ? Number(number ?? 'none') - 1 : ordinalWords.indexOf(word);
  return Number.isInteger(at) && at >= 0 && at < length ? at : undefined;
}

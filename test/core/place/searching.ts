import { expect } from 'vitest';

import type { Hold } from '../../../src/core/calendar/calendar.ts';
import { modelsAt } from '../../../src/core/place/each-site.ts';
import { searchSite, type SiteFit } from '../../../src/core/place/site.ts';
import { type Candidate, solve } from '../../../src/core/place/solve.ts';
import { combinations } from '../../../src/core/place/want.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { hourMs, t0, verdictAll } from '../fleet.ts';
import { hold } from './holding.ts';
import { there } from './known.ts';
import { crowds } from './put-down.ts';

/** A demand with the starts that its window names. */
export function question(asked: Demand, isPlain: boolean) {
  const { earliestStartMs: earliestMs, latestStartMs: latestMs = earliestMs } = asked.window;
  return { demand: asked, starts: { earliestMs, latestMs }, isPlain };
}

/** What is chosen of all sites. */
export function best(state: State, asked: Demand): Candidate | undefined {
  const result = solve(state, verdictAll(state, 'allowed'), question(asked, false));
  return result.kind === 'solved' ? result.best : undefined;
}

/** Hours after `t0` between which a gang may start. */
type Hours = { readonly fromH?: number; readonly toH: number };

/** What a search of the fleet's first site finds. */
export function searched(
  state: State,
  asked: Demand,
  { fromH = 0, toH }: Hours,
  isPlain: boolean,
): SiteFit | undefined {
  const site = there(state.fleet.sites[0], 'a site');
  const wants = there(combinations(asked, modelsAt(site))[0], 'a way');
  const starts = { earliestMs: t0 + fromH * hourMs, latestMs: t0 + Math.round(toH * hourMs) };
  return searchSite(state, site, { demand: asked, wants, starts, open: state.fleet.sites, isPlain });
}

/** `5 h: r1/n01×1`, or `none`, as the index finds it and a scan. */
export function firstIn(state: State, asked: Demand, hours: Hours): string {
  const [scanned, found] = [true, false].map((isPlain) => {
    const fit = searched(state, asked, hours, isPlain);
    return fit === undefined ? 'none' : `${(fit.startMs - t0) / hourMs} h: ${crowds(fit.members)}`;
  });
  expect(found).toBe(scanned);
  return found ?? '';
}

/** Some GPUs of a node from one hour to another. */
export function taken(fromH: number, toH: number, gpus = 15, more: Partial<Hold> = {}): Hold {
  return hold('globex', { gpus, startMs: t0 + fromH * hourMs, endMs: t0 + toH * hourMs, ...more });
}

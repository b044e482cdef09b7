import { Demand } from '../../src/model/demand.ts';
import { hourMs, t0 } from './fleet.ts';

/**
 * A demand in one line: `2×8 H100 nvlink rdma 24h` is two replicas of eight H100 for a day from `t0`. Parts are
 * joined by ` + ` and may be named: `train: 2×8 H100 + load: 1×cpu16 mem64`. Words: models (`H100|H200`), `nvlink`,
 * `xgmi`, `link`, `rdma`, `cpu4` cores, `mem16` and `disk9` GiB for a replica, `gpumem80` GiB of a GPU, `mig:3g.40gb`
 * and `share:250` for slices, `within:rack`,
 * `apart:node`, `align:numa`, `at:fra1|ams2` and `kind:edge` for where one part may be, `together:rack`, `24h` or nothing for no end. `more` adds or replaces fields.
 */
export function demand(text: string, more: object = {}): Demand {
  const draft: Draft = { tenant: 'acme', parts: [], window: { earliestStartMs: t0 } };
  for (const part of text.split(' + ')) readPart(draft, part);
  return Demand.parse({ ...draft, ...more });
}

type Draft = { tenant: string; parts: object[]; together?: string; window: object };

type Each = {
  storageGib?: number;
  align?: string;
  gpus?: Record<string, unknown>;
  rdma?: object;
  cpuMilli?: number;
  memoryMib?: number;
};

function readPart(draft: Draft, text: string): void {
  const [, name, rest = ''] = /^(?:([a-z-]+): )?(.*)$/.exec(text) ?? [];
  const [size = '', ...words] = rest.split(/\s+/);
  const [count = '', what = ''] = size.split('×');
  const each: Each = {};
  const part: Record<string, unknown> = {
    name: name ?? (draft.parts.length === 0 ? 'train' : `part-${draft.parts.length + 1}`),
    count: Number(count),
    each,
  };
  if (/^[0-9]+$/.test(what)) each.gpus = { count: Number(what) };
  else words.unshift(what);
  for (const word of words) readWord(draft, part, each, word);
  draft.parts.push(part);
}

function readWord(draft: Draft, part: Record<string, unknown>, each: Each, word: string): void {
  const [, name = '', value = ''] =
    /^(cpu|mem|disk|gpumem|mig:|share:|within:|apart:|align:|together:|at:|kind:)(.*)$/.exec(word) ?? [];
  if (/^[0-9]+h$/.test(word)) draft.window = { ...draft.window, durationS: Number.parseInt(word, 10) * 3600 };
  else if (word === 'nvlink' || word === 'xgmi') each.gpus = { ...each.gpus, link: word };
  else if (word === 'link') each.gpus = { ...each.gpus, link: 'any' };
  else if (word === 'rdma') each.rdma = {};
  else if (name === 'cpu') each.cpuMilli = Number(value) * 1000;
  else if (name === 'mem') each.memoryMib = Number(value) * 1024;
  else if (name === 'disk') each.storageGib = Number(value);
  else if (name === 'align:') each.align = value;
  else if (name === 'gpumem') each.gpus = { ...each.gpus, memoryMib: Number(value) * 1024 };
  else if (name === 'mig:') each.gpus = { ...each.gpus, slice: { kind: 'mig', profile: value } };
  else if (name === 'share:') each.gpus = { ...each.gpus, slice: { kind: 'share', milli: Number(value) } };
  else if (name === 'together:') draft.together = value;
  else if (name === 'at:') part['where'] = value.split('|');
  else if (name === 'kind:') part['siteKind'] = value;
  else if (name !== '') part[name.slice(0, -1)] = value;
  else if (/^[A-Z]/.test(word)) each.gpus = { ...each.gpus, models: word.split('|') };
  else throw new Error(`\`${word}\` is no word of a demand`);
}

/** A window that may begin up to `hours` later than `t0`. */
export function flexible(durationH: number, hours: number): { window: Demand['window'] } {
  return {
    window: {
      earliestStartMs: t0,
      latestStartMs: t0 + hours * hourMs,
      durationS: durationH * 3600,
    },
  };
}

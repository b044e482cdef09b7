import { z } from 'zod';

import type { EngineObject } from '../../model/binding.ts';
import { cleanText } from '../../model/text.ts';
import { domain, startsAnnotation } from './names.ts';
import { AnyObject } from './object.ts';
import { gateAnnotation } from './workload.ts';

const Taint = z.looseObject({ key: z.string(), value: z.string().optional(), effect: z.string() });
export type Taint = z.infer<typeof Taint>;
const Taints = z.looseObject({ taints: z.array(Taint).optional() });

/** What is to stand at `atMs`: before the start a gate and no taint, from then on no gate and the taint. */
export function wantedAt({ key, body }: EngineObject, atMs: number): EngineObject {
  const { metadata, kind } = AnyObject.parse(body);
  const { annotations } = metadata;
  const starts = Object.entries(annotations ?? {}).find(
    ([name]) => name === startsAnnotation || (kind === 'Node' && name.endsWith(`.${domain}/starts`)),
  );
  const hasStarted = starts === undefined || atMs >= Date.parse(starts[1]);
  if (kind === 'Node') return hasStarted ? { key, body } : { key, body: without(body, 'spec') };
  if (!hasStarted || annotations?.[gateAnnotation] === undefined) return { key, body };
  const rest = Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== gateAnnotation));
  const written = z.record(z.string(), z.json()).parse(body['metadata']);
  return { key, body: { ...body, metadata: { ...written, annotations: rest } } };
}

/**
 * Where the found object falls short: a field that is missing or has another value. What others have added is theirs:
 * the API server fills in defaults, and Kueue adds selectors and tolerations while a job runs.
 */
export function differencesOf(wanted: EngineObject, found: EngineObject, atMs: number): readonly string[] {
  const lines: string[] = [];
  compare(wantedAt(wanted, atMs).body, found.body, '', lines);
  const { annotations } = AnyObject.parse(found.body).metadata;
  const isGated = annotations?.[gateAnnotation] !== undefined;
  const mayBeGated = AnyObject.parse(wantedAt(wanted, atMs).body).metadata.annotations?.[gateAnnotation];
  if (isGated && mayBeGated === undefined) lines.push('it is still gated, although its contract has started');
  return lines.slice(0, 8).map((line) => cleanText(line, 200));
}

function compare(wanted: unknown, found: unknown, at: string, lines: string[]): void {
  if (Array.isArray(wanted)) return compareLists(wanted, found, at, lines);
  if (typeof wanted === 'object' && wanted !== null) {
    const inner = z.record(z.string(), z.unknown()).safeParse(found).data;
    if (inner === undefined) {
      lines.push(`${at === '' ? 'it' : at} is missing`);
      return;
    }
    for (const [name, value] of Object.entries(wanted))
      compare(value, inner[name], at === '' ? name : `${at}.${name}`, lines);
    return;
  }
  if (found === undefined) lines.push(`${at} is missing`);
  else if (found !== wanted) lines.push(`${at} is ${textOf(found)}, wanted ${textOf(wanted)}`);
}

/** Every element that is wanted is there; others may stand beside it. */
function compareLists(wanted: readonly unknown[], found: unknown, at: string, lines: string[]): void {
  const there = z.array(z.unknown()).safeParse(found).data ?? [];
  for (const [index, element] of wanted.entries()) {
    const nearest = there[index];
    const isThere = there.some((other) => isWithin(element, other));
    if (!isThere) compare(element, nearest, `${at}[${index}]`, lines);
  }
}

function isWithin(wanted: unknown, found: unknown): boolean {
  const lines: string[] = [];
  compare(wanted, found, '', lines);
  return lines.length === 0;
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

function without(body: EngineObject['body'], field: string): EngineObject['body'] {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== field));
}

/** Taints of a node, ours or not. */
export function taintsOf(body: EngineObject['body']): readonly Taint[] {
  return Taints.safeParse(body['spec']).data?.taints ?? [];
}

import type { Health, NodeFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import type { Gap } from '../gpu-reading.ts';

/** What the state of a node says about its health and about placing work on it. */
export type StateReading = {
  readonly set: Pick<NodeFacts, 'health' | 'healthReason' | 'schedulable'>;
  readonly gaps: readonly Gap[];
};

/** The marks that Slurm puts behind a state. Source: sinfo(1), NODE STATE CODES. */
const marks: Readonly<Record<string, string>> = {
  '*': 'NOT_RESPONDING',
  '~': 'POWERED_DOWN',
  '#': 'POWERING_UP',
  '!': 'POWER_DOWN',
  '%': 'POWERING_DOWN',
  $: 'MAINT',
  '@': 'REBOOT_REQUESTED',
  '^': 'REBOOT_ISSUED',
  '-': 'PLANNED',
};

/** `IDLE+DRAIN*`, `idle` and `["IDLE", "DRAIN"]` as the same words in upper case. */
export function statesOf(...said: readonly string[]): readonly string[] {
  const words = said.flatMap((text) => text.toUpperCase().split(/[+,\s]+/u));
  const all = words.flatMap((word) => {
    const [, plain = '', behind = ''] = /^([A-Z_]*)(.*)$/u.exec(word) ?? [];
    return [plain, ...behind.split('').flatMap((mark) => marks[mark] ?? [])];
  });
  return [...new Set(all.filter((word) => word !== ''))];
}

const down = ['DOWN', 'ERROR', 'NOT_RESPONDING', 'NO_RESPOND', 'INVALID_REG', 'INVAL'];
const ailing = ['DRAIN', 'DRAINED', 'DRAINING', 'DRNG', 'FAIL', 'FAILING', 'REBOOT_ISSUED'];
const closed = [...down, ...ailing, 'MAINT', 'MAINTENANCE', 'FUTURE', 'DYNAMIC_FUTURE'];
const asleep = ['POWERED_DOWN', 'POWERING_DOWN', 'POWER_DOWN', 'POWER_DRAIN', 'POWERING_UP', 'POWER_UP'];
const working = ['IDLE', 'ALLOCATED', 'ALLOC', 'MIXED', 'MIX', 'COMPLETING', 'COMP'];

/**
 * Down and drained nodes with the reason somebody gave. A drained node is `degraded` and closed: it answers, and its
 * operator took it out. A node that is powered down says nothing about its health.
 */
export function stateReading(states: readonly string[], reason: string | undefined): StateReading {
  const health = healthOf(states);
  const isClosed = states.some((state) => closed.includes(state));
  const why = reasonOf(reason);
  return {
    set: {
      ...(health === undefined ? {} : { health }),
      ...(why !== undefined && health !== undefined && health !== 'healthy' ? { healthReason: why } : {}),
      ...(health === undefined && !isClosed ? {} : { schedulable: !isClosed }),
    },
    gaps: health === undefined ? [{ attribute: 'health', why: openHealth(states) }] : [],
  };
}

function healthOf(states: readonly string[]): Health | undefined {
  if (states.some((state) => down.includes(state))) return 'down';
  if (states.some((state) => ailing.includes(state))) return 'degraded';
  if (states.some((state) => asleep.includes(state))) return undefined;
  return states.some((state) => working.includes(state)) ? 'healthy' : undefined;
}

function openHealth(states: readonly string[]): string {
  if (states.length === 0) return 'the record has no state';
  const said = cleanText(states.join('+'), 80);
  const isAsleep = states.some((state) => asleep.includes(state));
  return isAsleep
    ? `the node is ${said}: whether it comes up is not known`
    : `the state ${said} says nothing of it`;
}

/** `fail [root@2026-11-22T04:42:05]` without who and when. */
function reasonOf(reason: string | undefined): string | undefined {
  const words = (reason ?? '').replace(/\s*\[[^\]]*@[^\]]*\].*$/su, '').trim();
  return words === '' || /^none$/iu.test(words) ? undefined : cleanText(words, 200);
}

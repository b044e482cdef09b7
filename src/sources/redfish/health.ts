import type { Health } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import type { Gap } from '../gpu-reading.ts';
import { listAt, textAt } from '../json-value.ts';
import type { Machine } from './machine.ts';
import { troubledSupplies } from './power.ts';
import { type Resource, shortName } from './resource.ts';

type HealthFacts = { readonly health?: Health; readonly healthReason?: string };

/** What `Status` says of one resource: `OK`, `Warning` and `Critical`, and whether it is switched on. */
export function healthFacts(value: unknown): HealthFacts {
  const state = textAt(value, 'Status', 'State');
  if (state === 'Disabled' || state === 'UnavailableOffline')
    return { health: 'down', healthReason: `state ${cleanText(state, 40)}` };
  return worded(textAt(value, 'Status', 'Health') ?? textAt(value, 'Status', 'HealthRollup'), '');
}

/**
 * The health of a machine: the worst that its system, its boards, its chassis, its leak detectors and its supplies say,
 * with the reason. A machine that is switched off is down.
 */
export function machineHealth(machine: Machine): HealthFacts & { readonly gaps: readonly Gap[] } {
  const { system, boards, main } = machine;
  const leaks = leaksOf(machine);
  const said = [
    ...(textAt(system.value, 'PowerState') === 'Off'
      ? [{ health: 'down' as const, healthReason: 'switched off' }]
      : []),
    ...leaks.facts,
    ...[system, ...boards, ...(main === undefined ? [] : [main])].flatMap((part) => statesOf(part)),
    ...troubledSupplies(machine).map((healthReason) => ({ health: 'degraded' as const, healthReason })),
  ];
  const worst = order
    .map((health) => said.find((facts) => facts.health === health))
    .find((facts) => facts !== undefined);
  return { ...worst, gaps: leaks.gaps };
}

const order: readonly Health[] = ['down', 'degraded', 'healthy'];

function statesOf(part: Resource): readonly HealthFacts[] {
  const own = textAt(part.value, 'Status', 'Health');
  const rollup = textAt(part.value, 'Status', 'HealthRollup');
  return [own, rollup].map((health) => worded(health, `\`${shortName(part)}\` reports `));
}

function worded(health: string | undefined, who: string): HealthFacts {
  if (health === 'OK') return { health: 'healthy' };
  if (health === 'Warning') return { health: 'degraded', healthReason: `${who}Warning` };
  return health === 'Critical' ? { health: 'down', healthReason: `${who}Critical` } : {};
}

/** Detectors as resources of their own, and those of groups (`LeakDetectorGroups`). */
function leaksOf({ tree, chassis }: Machine): {
  readonly facts: readonly HealthFacts[];
  readonly gaps: readonly Gap[];
} {
  const single = chassis
    .flatMap((part) => tree.inside(part, 'LeakDetector'))
    .map((detector) => ({ name: shortName(detector), value: detector.value }));
  const grouped = chassis
    .flatMap((part) => tree.inside(part, 'LeakDetection'))
    .flatMap(({ value }) => listAt(value, 'LeakDetectorGroups'))
    .flatMap((group) => listAt(group, 'Detectors'))
    .map((value) => ({ name: cleanText(textAt(value, 'DeviceName') ?? 'of a group', 80), value }));
  const detectors = [...single, ...grouped];
  return {
    facts: detectors
      .map(({ name, value }) =>
        worded(
          textAt(value, 'DetectorState') ?? textAt(value, 'Status', 'Health'),
          `leak detector \`${name}\` reports `,
        ),
      )
      .filter(({ health }) => health !== 'healthy'),
    gaps: detectors
      .filter(({ value }) => isSilent(value))
      .map(({ name }) => ({ attribute: 'health', why: `leak detector \`${name}\` is not in service` })),
  };
}

function isSilent(value: unknown): boolean {
  const state = textAt(value, 'Status', 'State');
  return (
    (state !== undefined && state !== 'Enabled') ||
    (textAt(value, 'DetectorState') ?? textAt(value, 'Status', 'Health')) === undefined
  );
}

import { z } from 'zod';

import type { Contract } from '../../model/contract.ts';
import { admissionOf, type Verdict } from './admission.ts';
import type { Kubectl, Said } from './kubectl.ts';
import { contractLabel, controllerName } from './names.ts';

/** What the controller was told and what it answered, for whoever looks on. */
type Answered = {
  readonly workload: string;
  readonly contract: string;
  readonly verdict: Verdict;
  readonly said: Said;
};

export type Pass =
  | { readonly kind: 'passed'; readonly checks: number; readonly answered: readonly Answered[] }
  | { readonly kind: 'failed'; readonly why: string };

/** What an answer needs to know of the ledger. */
export type Contracts = (id: string) => Contract | undefined;

const Check = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).optional() }),
  spec: z.looseObject({ controllerName: z.string() }),
  status: z
    .looseObject({
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    })
    .optional(),
});
const Asked = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  spec: z.looseObject({ podSets: z.array(z.looseObject({ name: z.string().default('main') })).default([]) }),
  status: z
    .looseObject({
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
      admissionChecks: z
        .array(z.looseObject({ name: z.string(), state: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .optional(),
});
type Asked = z.infer<typeof Asked>;

/**
 * One round: says that our checks are served, and answers every workload that has its quota and waits for one of them.
 * It keeps nothing between rounds, so that it may be stopped and begun again at any time; what is answered already is
 * left alone.
 */
export async function answerChecks(kubectl: Kubectl, contracts: Contracts, nowMs: number): Promise<Pass> {
  const checks = await listed(kubectl, Check, ['admissionchecks.kueue.x-k8s.io', '-l', contractLabel]);
  if ('why' in checks) return { kind: 'failed', why: checks.why };
  const ours = checks.items.filter(({ spec }) => spec.controllerName === controllerName);
  for (const { metadata, status } of ours) {
    const isActive = status?.conditions.some((one) => one.type === 'Active' && one.status === 'True');
    if (isActive === true) continue;
    const said = await sayActive(kubectl, metadata.name, nowMs);
    if (said.kind !== 'done') return { kind: 'failed', why: said.why };
  }
  const workloads = await listed(kubectl, Asked, ['workloads.kueue.x-k8s.io', '-A']);
  if ('why' in workloads) return { kind: 'failed', why: workloads.why };
  const byName = new Map(ours.map(({ metadata }) => [metadata.name, metadata.labels?.[contractLabel] ?? '']));
  const answered: Answered[] = [];
  for (const workload of workloads.items)
    answered.push(...(await answerWorkload(kubectl, { workload, byName, contracts, nowMs })));
  return { kind: 'passed', checks: ours.length, answered };
}

/** Rounds until it is told to stop, at least `everyMs` apart; a round that failed is made again after as long. */
export async function keepAnswering(
  round: () => Promise<Pass>,
  wait: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  tell: (pass: Pass) => void,
): Promise<void> {
  while (!signal.aborted) {
    tell(await round());
    await wait(signal);
  }
}

type Question = {
  readonly workload: Asked;
  readonly byName: ReadonlyMap<string, string>;
  readonly contracts: Contracts;
  readonly nowMs: number;
};

async function answerWorkload(kubectl: Kubectl, question: Question): Promise<readonly Answered[]> {
  const { workload, byName, contracts, nowMs } = question;
  const { conditions = [], admissionChecks = [] } = workload.status ?? {};
  const hasQuota = conditions.some(({ type, status }) => type === 'QuotaReserved' && status === 'True');
  const answered: Answered[] = [];
  for (const { name, state } of admissionChecks) {
    const id = byName.get(name);
    if (id === undefined || !hasQuota) continue;
    const verdict = verdictOf(contracts(id), id, workload, nowMs);
    // `Retry` gives the quota back; Kueue sets the check to `Pending` again once it has waited.
    if (state === verdict.state || state === 'Rejected') continue;
    // What was let in has begun: a clock that goes back, or that of another machine, does not put it out again.
    if (state === 'Ready' && verdict.state === 'Retry') continue;
    const said = await answer(kubectl, workload, name, { verdict, nowMs });
    answered.push({ workload: nameOf(workload), contract: id, verdict, said });
  }
  return answered;
}

function verdictOf(contract: Contract | undefined, id: string, { spec }: Asked, nowMs: number): Verdict {
  if (contract === undefined) return { state: 'Rejected', message: `the ledger knows no ${id}` };
  const names = spec.podSets.map(({ name }) => name);
  return admissionOf(contract, names, nowMs);
}

/** Kueue writes the same entry first, so the fields have to be taken over. */
async function answer(
  kubectl: Kubectl,
  workload: Asked,
  check: string,
  { verdict, nowMs }: { readonly verdict: Verdict; readonly nowMs: number },
): Promise<Said> {
  const { name, namespace } = workload.metadata;
  const lastTransitionTime = new Date(nowMs).toISOString().replace(/\.[0-9]{3}Z$/u, 'Z');
  return applyStatus(kubectl, {
    apiVersion: 'kueue.x-k8s.io/v1beta2',
    kind: 'Workload',
    metadata: { name, namespace },
    status: { admissionChecks: [{ name: check, lastTransitionTime, ...verdict }] },
  });
}

/** Kueue admits nothing through a queue whose checks nobody says to serve. */
async function sayActive(kubectl: Kubectl, name: string, nowMs: number): Promise<Said> {
  const lastTransitionTime = new Date(nowMs).toISOString().replace(/\.[0-9]{3}Z$/u, 'Z');
  const condition = {
    type: 'Active',
    status: 'True',
    reason: 'Serving',
    message: 'Berth answers for its contracts',
    lastTransitionTime,
  };
  return applyStatus(kubectl, {
    apiVersion: 'kueue.x-k8s.io/v1beta2',
    kind: 'AdmissionCheck',
    metadata: { name },
    status: { conditions: [condition] },
  });
}

function applyStatus(kubectl: Kubectl, object: object): Promise<Said> {
  const args = ['apply', '--server-side', '--subresource=status', '--field-manager=berth-checks'];
  return kubectl([...args, '--force-conflicts', '-f', '-'], JSON.stringify(object));
}

async function listed<S extends z.ZodType>(
  kubectl: Kubectl,
  schema: S,
  what: readonly string[],
): Promise<{ readonly items: readonly z.infer<S>[] } | { readonly why: string }> {
  const said = await kubectl(['get', ...what, '-o', 'json']);
  if (said.kind !== 'done') return { why: said.why };
  const list = z.looseObject({ items: z.array(schema) }).safeParse(parsed(said.stdout));
  return list.success ? { items: list.data.items } : { why: '`kubectl` answered what is no list of objects' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nameOf({ metadata }: Asked): string {
  return `${metadata.namespace}/${metadata.name}`;
}

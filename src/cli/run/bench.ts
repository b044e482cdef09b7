import { setImmediate as nextTurn } from 'node:timers/promises';

import { benchMixes, mixesFor, type MixResult, summaryOf } from '../../bench/mix-bench.ts';
import { benchOpenb, type OpenbOptions } from '../../bench/openb.ts';
import { drawMixes, drawOpenb } from '../../bench/tables.ts';
import { type PolicyName, policyNames } from '../../core/packing/policies.ts';
import { powerWeightMax } from '../../core/packing/powered.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText, didYouMean } from '../../model/text.ts';
import type { Io } from '../io.ts';
import { progressLine } from '../progress.ts';

export type BenchOpenbOptions = Omit<OpenbOptions, 'data' | 'policy' | 'nowNs'> & {
  readonly data?: string;
  readonly policy: string;
  readonly json?: boolean;
};

/** Replays a list of the openb trace and prints how full the fleet became and how fast decisions were. */
export async function openb(io: Io, { json, ...options }: BenchOpenbOptions): Promise<number> {
  const { data, scale } = options;
  if (data === undefined) throw noTrace();
  if (scale < 1 || scale > 100) throw wrongScale(scale);
  const policy = policyOf(options.policy);
  checkPowerWeight(policy, options.powerWeight);
  const steps = benchOpenb({ ...options, data, policy, nowNs: () => process.hrtime.bigint() });
  const report = await drive(io, steps, (line, { done, total }) => line.step(done, total, 'decisions'));
  io.stdout.write(json === true ? `${JSON.stringify(report)}\n` : drawOpenb(report));
  return 0;
}

export type BenchMixesOptions = {
  readonly seed: number;
  readonly count: number;
  /** A part of the names of the mixes that are compared. */
  readonly only?: string;
  /** How many orders of arrival each figure is the mean of. */
  readonly orders: number;
  readonly json?: boolean;
};

/** Compares the default policy with the published ones on made-up mixes. */
export async function mixes(io: Io, { json, ...asked }: BenchMixesOptions): Promise<number> {
  const { seed, count, only, orders } = asked;
  if (count > 10_000) throw wrongCount(count);
  if (orders < 1 || orders > 100) throw wrongOrders(orders);
  const names = [...mixesFor(seed, count)].map(({ mix }) => mix.name);
  const chosen = names.filter((name) => name.includes(only ?? ''));
  if (chosen.length === 0) throw noMix(only ?? '', names);
  const results: MixResult[] = [];
  await drive(io, benchMixes(asked), (line, result) => {
    results.push(result);
    line.step(results.length, chosen.length, 'mixes');
  });
  const report = { seed, count, orders, summary: summaryOf(results), mixes: results };
  io.stdout.write(json === true ? `${JSON.stringify(report)}\n` : drawMixes(results));
  return 0;
}

/** Runs a bench to its end: lets signals in between the steps, and stops when one has come. */
export async function drive<Step, Result>(
  io: Io,
  steps: Generator<Step, Result>,
  onStep: (line: ReturnType<typeof progressLine>, step: Step) => void,
): Promise<Result> {
  const line = progressLine(io);
  for (;;) {
    const step = steps.next();
    if (step.done === true) {
      line.clear();
      return step.value;
    }
    onStep(line, step.value);
    await nextTurn();
    if (io.interrupt.aborted) throw interrupted();
  }
}

function policyOf(name: string): PolicyName {
  const found = policyNames.find((policy) => policy === name);
  if (found !== undefined) return found;
  const meant = didYouMean(name.slice(0, 80), policyNames);
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `no policy is called \`${cleanText(name, 80)}\``,
    fix: meant === undefined ? `use one of ${policyNames.join(', ')}` : `did you mean \`${meant}\`?`,
    allowed: policyNames,
  });
}

function checkPowerWeight(policy: PolicyName, weight: number | undefined): void {
  if (weight === undefined || (policy === 'power' && weight <= powerWeightMax)) return;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message:
      policy === 'power'
        ? `\`--power-weight ${weight}\` is more than ${powerWeightMax} thousandths`
        : `\`--power-weight\` is not for the policy \`${policy}\``,
    fix:
      policy === 'power'
        ? `pass one from 0 to ${powerWeightMax}`
        : 'add `--policy power`, or leave the weight out',
  });
}

function noTrace(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'the openb trace is research data that berth does not ship',
    fix: 'get github.com/alibaba/clusterdata, folder cluster-trace-gpu-v2023/csv, and pass it as `--data DIR`',
    field: 'data',
  });
}

function wrongScale(scale: number): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`--scale ${scale}\` is not from 1 to 100`,
    fix: 'use `--scale 8` for about 10,000 nodes',
    field: 'scale',
  });
}

function noMix(only: string, names: readonly string[]): BerthError {
  const allowed = [...new Set(names)];
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `no mix has \`${cleanText(only, 80)}\` in its name`,
    fix: `use a part of one of ${allowed.join(', ')}`,
    allowed,
  });
}

function wrongCount(count: number): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`--count ${count}\` is more than 10,000 random mixes`,
    fix: 'use `--count 200`, and another `--seed` for more',
    field: 'count',
  });
}

function wrongOrders(orders: number): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`--orders ${orders}\` is not from 1 to 100`,
    fix: 'use `--orders 5` to see past the chance of one order',
    field: 'orders',
  });
}

function interrupted(): BerthError {
  return new BerthError({
    code: 'INTERRUPTED',
    message: 'interrupted; nothing was recorded',
    fix: 'run it again',
  });
}

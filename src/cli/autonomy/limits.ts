import { instantMs } from '../../control/zone.ts';
import { BerthError } from '../../model/error.ts';
import { IdemKey } from '../../model/id.ts';
import { RunLimits } from '../../model/run.ts';
import { durationS } from '../duration.ts';
import { parsed } from '../parsed.ts';

/** The options by which people bound a run. */
export type LimitOptions = {
  readonly maxSteps?: number;
  readonly budget?: string;
  readonly for?: string;
  readonly until?: string;
  readonly key?: string;
};

const microEurPerCent = 10_000;

/** What a run may take at most; `usualS` long where nobody says. Throws INVALID_INPUT. */
export function limitsOf(
  { maxSteps, budget, for: length, until }: LimitOptions,
  { nowMs, steps, usualS }: { readonly nowMs: number; readonly steps: number; readonly usualS: number },
): RunLimits {
  if (length !== undefined && until !== undefined)
    throw wrong('`--for` and `--until` both say when it ends', 'leave one of them out', '--until');
  const lengthS = length === undefined ? usualS : durationS(length, '--for');
  return parsed(RunLimits, {
    steps: maxSteps ?? steps,
    ...(budget === undefined ? {} : { spendMicroEur: centsOf(budget) * microEurPerCent }),
    untilMs: until === undefined ? nowMs + lengthS * 1000 : instantMs(until, '--until'),
  });
}

/** Euros to the cent, without floats. */
function centsOf(text: string): number {
  const [, euros = '', cents = ''] = /^([0-9]{1,9})(?:\.([0-9]{1,2}))?$/.exec(text) ?? [];
  if (euros !== '') return Number(euros) * 100 + Number(cents.padEnd(2, '0'));
  throw wrong(
    `\`${text.slice(0, 40)}\` in \`--budget\` is no amount of euros`,
    'write euros, such as `500` or `499.90`',
    '--budget',
  );
}

/** Another one for each run, unless it is said. */
export function keyOf({ key }: LimitOptions): IdemKey {
  if (key === undefined) return IdemKey.parse(`run-${crypto.randomUUID()}`);
  const typed = IdemKey.safeParse(key);
  if (typed.success) return typed.data;
  throw wrong(
    `\`${key.slice(0, 40)}\` in \`--key\` is no key`,
    'write 6 to 100 letters, digits, `.`, `_`, `:`, `-`',
    '--key',
  );
}

function wrong(message: string, fix: string, field: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix, field });
}

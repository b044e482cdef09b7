import { z } from 'zod';

import { exitCodeOf } from '../../chat/exit-code.ts';
import { ChangeRequest } from '../../model/change.ts';
import { BerthError } from '../../model/error.ts';
import { ContractId } from '../../model/id.ts';
import { refusalCode } from '../answer-code.ts';
import { durationS } from '../duration.ts';
import { readYaml } from '../files.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type ChangeOptions = Common & {
  readonly until?: string;
  readonly extend?: string;
  readonly openEnded?: boolean;
  readonly replicas?: readonly string[];
  readonly avoid?: readonly string[];
  readonly where?: readonly string[];
  readonly file?: string;
};

const Change = z.strictObject({ contract: ContractId, change: ChangeRequest });

export async function change(io: Io, contract: string, options: ChangeOptions): Promise<number> {
  const asked = parsed(Change, { contract, change: await readChange(io, options) });
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const result = await control.planChange(caller, asked);
    if (result.plan !== undefined) {
      print(io, options.json, { kind: 'plan', plan: result.plan }, result);
      return exitCodeOf({ outcome: 'planned' });
    }
    if (result.refusal !== undefined)
      print(io, options.json, { kind: 'refusal', refusal: result.refusal }, result);
    return refusalCode(result.refusal);
  });
}

async function readChange(io: Io, options: ChangeOptions): Promise<Record<string, unknown>> {
  const { until, extend, openEnded, replicas, avoid, where, file } = options;
  return {
    ...(until === undefined ? {} : { until }),
    ...(extend === undefined ? {} : { extendS: durationS(extend, '--extend') }),
    ...(openEnded === true ? { openEnded } : {}),
    ...(replicas === undefined ? {} : { replicas: Object.fromEntries(replicas.map(readReplicas)) }),
    ...(avoid === undefined ? {} : { avoid }),
    ...(where === undefined ? {} : { where }),
    ...(file === undefined ? {} : { demand: await readYaml(io, file) }),
  };
}

function readReplicas(text: string): readonly [string, number] {
  const [, part = '', count = ''] = /^([a-z][a-z0-9-]*)=([0-9]{1,6})$/.exec(text) ?? [];
  if (part !== '') return [part, Number(count)];
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${text.slice(0, 60)}\` in \`--replicas\` is no part and count`,
    fix: 'write the part and how many, such as `--replicas train=4`',
    field: '--replicas',
  });
}

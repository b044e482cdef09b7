import { benchDefrag, drawDefrag } from '../../bench/defrag.ts';
import { exitCodeOf } from '../../chat/exit-code.ts';
import { BerthError } from '../../model/error.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

/** Proposes moves that empty nodes. Nothing is moved or recorded. */
export async function consolidate(
  io: Io,
  { free, within, limit, ...options }: Common & { free?: number; within?: string; limit: number },
): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const consolidation = await control.consolidate(caller, {
      timeLimitS: limit,
      ...(free === undefined ? {} : { free }),
      ...(within === undefined ? {} : { within }),
    });
    print(io, options.json, { kind: 'consolidation', consolidation }, consolidation);
    return exitCodeOf({ outcome: consolidation.outcome === 'planned' ? 'answered' : 'infeasible' });
  });
}

export type DefragCommandOptions = {
  readonly nodes: number;
  readonly free: number;
  readonly full: number;
  readonly seed: number;
  readonly limit: number;
  readonly json?: boolean;
};

/** Measures a consolidation on a made-up fleet. Throws INVALID_INPUT for a fleet that cannot be. */
export async function defrag(io: Io, { limit, json, ...options }: DefragCommandOptions): Promise<number> {
  if (options.nodes < 1 || options.nodes > 1000) throw outside('nodes', options.nodes, 1000);
  if (options.full < 1 || options.full > 100) throw outside('full', options.full, 100);
  const report = await benchDefrag({ ...options, timeLimitS: limit, nowNs });
  io.stdout.write(json === true ? `${JSON.stringify(report)}\n` : drawDefrag(report));
  return 0;
}

function nowNs(): bigint {
  return process.hrtime.bigint();
}

function outside(field: string, value: number, most: number): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`--${field} ${value}\` is not from 1 to ${most}`,
    fix: `use \`--${field} 64\``,
    field,
  });
}

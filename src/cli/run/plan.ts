import { contractCommit } from '../../../tools/contract-commit.ts';
import { contractRelease } from '../../../tools/contract-release.ts';
import { placementExplain } from '../../../tools/placement-explain.ts';
import { placementPlan } from '../../../tools/placement-plan.ts';
import { exitCodeOf } from '../../chat/exit-code.ts';
import type { ChangeResult } from '../../model/view.ts';
import { refusalCode } from '../answer-code.ts';
import { readYaml } from '../files.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

const client = 'berth-cli';

export async function plan(io: Io, { file, ...options }: Common & { file: string }): Promise<number> {
  const demand = await readYaml(io, file);
  return withSession(io, { ...options, client }, async (session) => {
    const result = await useTool(io, session, placementPlan, { demand });
    if (result.plan !== undefined) {
      print(io, options.json, { kind: 'plan', plan: result.plan }, result);
      return exitCodeOf({ outcome: 'planned' });
    }
    if (result.refusal !== undefined)
      print(io, options.json, { kind: 'refusal', refusal: result.refusal }, result);
    return refusalCode(result.refusal);
  });
}

export async function commit(
  io: Io,
  id: string,
  { key, purpose, ...options }: Common & { key?: string; purpose?: string },
): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const args = { plan: id, idempotencyKey: key ?? `cli-${id}`, purpose };
    return showChange(io, await useTool(io, session, contractCommit, args), options.json);
  });
}

export async function release(
  io: Io,
  id: string,
  { key, reason, ...options }: Common & { key?: string; reason?: string },
): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const args = { contract: id, idempotencyKey: key ?? `cli-release-${id}`, reason };
    return showChange(io, await useTool(io, session, contractRelease, args), options.json);
  });
}

export async function explain(io: Io, id: string, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const explanation = await useTool(
      io,
      session,
      placementExplain,
      id.startsWith('C-') ? { contract: id } : { plan: id },
    );
    print(io, options.json, { kind: 'explanation', explanation }, explanation);
    return 0;
  });
}

function showChange(io: Io, change: ChangeResult, json: boolean | undefined): number {
  print(io, json, { kind: 'change', change }, change);
  return change.decision === 'rejected' ? refusalCode(change.refusal) : 0;
}

import { describe, expect, test } from 'vitest';

import { engineOf } from '../../src/cedar/engine.ts';
import { supportedOperators } from '../../src/policy/cedar/expression.ts';
import { compilePolicy, judge } from '../../src/policy/cedar/policy.ts';
import { readQuestion } from '../../src/policy/site-verdict.ts';
import {
  attributes,
  Dice,
  randomAction,
  randomEntities,
  randomPolicies,
  randomUid,
} from './random-policy.ts';

const sets = 700;
const requests = 32;

describe('R8: the evaluator agrees with cedar-wasm', () => {
  test(
    `in ${sets * requests} random cases: decision, reasons and policies without a value`,
    { timeout: 240_000 },
    async () => {
      const dice = new Dice(20_261_122);
      const seen = { allow: 0, deny: 0, errored: 0, operators: new Set<string>() };
      const disagreements: unknown[] = [];
      for (let set = 0; set < sets; set++) {
        const json = randomPolicies(dice);
        const engine = await engineOf(json);
        const policies = Object.entries(json).map(([id, policy]) => compilePolicy(id, policy));
        for (const operator of supportedOperators)
          if (JSON.stringify(json).includes(`"${operator}":`)) seen.operators.add(operator);
        for (let at = 0; at < requests; at++) {
          const question = randomQuestion(dice);
          const theirs = engine.ask(question);
          const { decision, reasons, errors } = judge(policies, readQuestion(question));
          const ours = { kind: 'answered', decision, reasons, errors: errors.map(({ id }) => id) };
          if (JSON.stringify(theirs) !== JSON.stringify({ ...ours }))
            disagreements.push({ json, question, theirs, ours });
          seen[decision] += 1;
          if (errors.length > 0) seen.errored += 1;
        }
      }
      expect(disagreements.slice(0, 1)).toEqual([]);
      expect(sets * requests).toBeGreaterThanOrEqual(20_000);
      // The cases mean something: both answers, many without a value, every operator of the subset.
      expect(Math.min(seen.allow, seen.deny, seen.errored)).toBeGreaterThan(1500);
      expect(supportedOperators.filter((operator) => !seen.operators.has(operator))).toEqual([]);
    },
  );
});

function randomQuestion(dice: Dice) {
  return {
    principal: randomUid(dice),
    action: randomAction(dice),
    resource: randomUid(dice),
    context: attributes(dice),
    entities: [
      ...randomEntities(dice),
      { uid: { type: 'N::Action', id: 'go' }, attrs: {}, parents: [{ type: 'N::Action', id: 'all' }] },
    ],
  };
}

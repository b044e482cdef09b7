import { describe, expect, test } from 'vitest';

import { planned, talk } from './say.ts';

const rest = 'for acme for 3 days from now';
const plans = ({ fleet }: Awaited<ReturnType<typeof talk>>) =>
  fleet.calls.filter(({ tool }) => tool === 'placement_plan' || tool === 'contract_commit');

describe('parts at different sites are no gang: nothing is planned, and a file is named', () => {
  test.each([
    'train in Frankfurt, evaluate in Amsterdam, serve in Munich',
    `train on 8 H100 in Frankfurt and serve in Munich ${rest}`,
    `I need 8 H100 ${rest}, training in Frankfurt and serving in Munich`,
    `8 H100 ${rest}: fra1 for training, ams2 for evaluation`,
    `Frankfurt: fine-tuning, Munich: inference, 8 GPUs ${rest}`,
    `8 H100 in Frankfurt for training and 2 L40S in Amsterdam for evaluation ${rest}`,
    `4 H100 in Frankfurt and 4 in Virginia ${rest}`,
    `8 H100 in Frankfurt, 8 H100 in Ashburn ${rest}`,
    `please train in Germany and serve in the Netherlands with 8 H100 ${rest}`,
    `book 8 H100 ${rest}, simulate at iad3, render at ams2`,
    `8 H100 ${rest}, pre-training in rack fra1/h1/r12, evaluation in ams2/h1/a02`,
  ])('%s', async (line) => {
    const said = await talk([line, 'yes', 'commit']);
    expect(plans(said)).toEqual([]);
    expect(said.turns[0]?.outcome).toBe('answered');
    expect(said.turns[0]?.reply).toContain('`berth plan -f demand.yaml`');
    expect(said.turns[0]?.reply).toContain('Nothing was planned.');
  });

  test('also where they change a request under discussion, whose plan a yes no longer commits', async () => {
    const said = await talk([`8 H100 ${rest}`, 'rather train in Frankfurt and serve in Munich', 'yes']);
    expect(said.turns.map(({ outcome }) => outcome)).toEqual(['planned', 'answered', 'answered']);
    expect(plans(said)).toHaveLength(1);
  });

  test('names the places as they were written, without what a terminal would obey', async () => {
    const { last } = await talk([`train in Frankfurt\u001B[31m, serve in München with 8 H100 ${rest}`]);
    expect(last.reply).toContain('`Frankfurt` and `München`');
    expect(last.reply).not.toContain('\u001B');
  });
});

describe('several places are one request', () => {
  test.each([
    [`8 H100 in Frankfurt or Amsterdam ${rest}`, ['ams2', 'fra1']],
    [`8 H100 in Frankfurt or in Virginia ${rest} for training`, ['fra1', 'iad3']],
    [`train 8 H100 in Frankfurt, rack r12 ${rest}`, ['fra1/h1/r12']],
    [`train and evaluate 8 H100 in Frankfurt ${rest}`, ['fra1']],
    [`train and serve on 8 H100 in Germany, in Frankfurt ${rest}`, ['fra1']],
    [`train, evaluate and serve with 8 H100 in the EU, training in Frankfurt ${rest}`, ['fra1']],
  ])('%s', async (line, where) => {
    expect((await planned(line)).demand.where).toEqual(where);
  });

  test('a place that is refused is no place of a part', async () => {
    const { demand } = await planned(`train and serve 8 H100 in Frankfurt, not in Virginia ${rest}`);
    expect([demand.where, demand.avoid]).toEqual([['fra1'], ['iad3']]);
  });
});

import { describe, expect, test } from 'vitest';

import { Path } from '../../src/model/id.ts';
import { type Line, said } from '../core/inventory/identity/said.ts';
import { rejection, openDesk, operator } from './desk.ts';

const node: Line = [
  'node',
  'unplaced/fra1-r12-n03',
  { hostName: 'fra1-r12-n03', serial: 'S3', weightKg: 130 },
];
const stranger: Line = ['node', 'unplaced/nobody', { hostName: 'nobody' }];

describe('an import', () => {
  test('is recorded under the paths that are known, and says what it changes', async () => {
    const { control } = await openDesk();
    const result = await control.importObservation(operator, said('redfish', [node]), false);
    expect(result).toMatchObject({ added: 0, changed: 1, unchanged: 0, gone: 0, notRecordedCount: 0 });
    expect(result.changes).toEqual([
      { subject: 'fra1/h1/r12/n03', attribute: 'serial', is: '"S3"' },
      { subject: 'fra1/h1/r12/n03', attribute: 'weightKg', is: '130' },
    ]);
    const after = await control.importObservation(
      operator,
      said('hwloc', [['node', 'unplaced/x', { hostName: 'fra1-r12-n03', serial: 'S3' }]]),
      false,
    );
    expect(after).toMatchObject({ unchanged: 1, added: 0 });
  });

  test('leaves out what it cannot place, and says so with file and line', async () => {
    const { control } = await openDesk();
    const result = await control.importObservation(operator, said('redfish', [node, stranger]), true);
    expect(result.notRecorded).toEqual([
      {
        kind: 'unplaced',
        subject: 'unplaced/nobody',
        candidates: [],
        identifiers: ['host name nobody'],
        why: 'no known machine has its name or numbers, and nothing says where it stands',
        fix: 'pass `--site` or `--node`, or first import a source that knows the place',
        factCount: 1,
        file: 'redfish.txt',
        line: 2,
      },
    ]);
    expect(result).toMatchObject({ factCount: 1, subjects: { node: 1 }, unknownCount: 1 });
  });

  test('of which nothing is left is refused and records nothing', async () => {
    const { control, ledger } = await openDesk();
    const before = await ledger.head();
    const refused = await rejection(control.importObservation(operator, said('redfish', [stranger]), false));
    expect(refused).toMatchObject({
      code: 'INVALID_INPUT',
      fix: 'pass `--site` or `--node`, or first import a source that knows the place',
    });
    expect(await ledger.head()).toEqual(before);
  });

  test('names the machines that contradict each other', async () => {
    const { control } = await openDesk();
    await control.importObservation(operator, said('redfish', [node]), false);
    const other = said('netbox', [['node', 'fra1/fra1-r12-n03', { hostName: 'fra1-r12-n03', serial: 'S9' }]]);
    const refused = await rejection(control.importObservation(operator, other, false));
    expect(refused.message).toBe(
      'fra1/fra1-r12-n03 is not recorded: it is called like fra1/h1/r12/n03, but the serial number differs: S9 here, S3 there',
    );
    expect(refused.allowed).toEqual([Path.parse('fra1/h1/r12/n03')]);
    expect(refused.fix).toContain("`aliases: { n03: ['serial:S9'] }`");
  });

  test('said twice is one entry', async () => {
    const { control } = await openDesk();
    const first = await control.importObservation(operator, said('redfish', [node]), false);
    const again = await control.importObservation(operator, said('redfish', [node]), false);
    expect(again.entry).toEqual(first.entry);
  });

  test('of one machine does not take the others for gone, one of a list does', async () => {
    const { control } = await openDesk();
    const first: Line = ['node', 'fra1/x1', { hostName: 'x1' }];
    const card: Line = ['gpu', 'fra1/x1/gpu0', { uuid: 'GPU-a' }];
    const second: Line = ['node', 'fra1/x2', { hostName: 'x2' }];
    for (const source of ['nvidia-smi', 'prometheus'] as const)
      await control.importObservation(operator, said(source, [first, card, second]), false);
    const one = await control.importObservation(operator, said('nvidia-smi', [first]), true);
    expect(one.goneSubjects).toEqual([{ kind: 'gpu', id: 'fra1/x1/gpu0' }]);
    const list = await control.importObservation(operator, said('prometheus', [first]), true);
    expect(list.goneSubjects).toEqual([
      { kind: 'gpu', id: 'fra1/x1/gpu0' },
      { kind: 'node', id: 'fra1/x2' },
    ]);
  });
});

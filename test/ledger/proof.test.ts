import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { exportLines } from '../../src/ledger/export.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { parseVkey } from '../../src/ledger/note-key.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { proveEntries, proveEntry, proveGrowth } from '../../src/ledger/proving.ts';
import { rowOf } from '../../src/ledger/row.ts';
import { bundleText, verifyProof } from '../../src/ledger/stranger.ts';
import { parseTlogProof } from '../../src/ledger/tlog-proof.ts';
import { ContractId, PlanId } from '../../src/model/id.ts';
import type { ProofBundle } from '../../src/model/proof.ts';
import { grow } from './conformance.ts';
import { draft } from './drafts.ts';
import { runs } from './long.ts';

const contract = ContractId.parse('C-101');
const plan = '{"schema":"a plan, as far as a proof is concerned"}';

/** A ledger that grants C-101 at entry 4, among `count` entries. */
async function granting(count: number): Promise<Ledger> {
  const ledger = openMemoryLedger();
  const planDigest = await ledger.putBlob(Buffer.from(plan));
  const id = PlanId.parse(`plan-${planDigest.slice(7, 23)}`);
  for (let i = 1; i <= count; i++) {
    const granted = {
      ...draft({ key: 'key-grant', tenant: 'acme' }),
      command: { kind: 'commit-plan', plan: id, planDigest } as const,
      decision: { kind: 'contract-granted', contract, plan: id, startMs: 1 } as const,
      events: [],
    };
    await grow(ledger, [i === 4 ? granted : draft({ subjectCount: i })]);
  }
  return ledger;
}

async function bundleOf(ledger: Ledger): Promise<ProofBundle> {
  const entries = await ledger.read(3, 1);
  return proveEntries(
    ledger,
    contract,
    entries.map((entry) => ({
      seq: entry.seq,
      json: rowOf(entry).json,
      ...(entry.command.kind === 'commit-plan' ? { plan: entry.command.planDigest } : {}),
    })),
  );
}

async function keyOf(ledger: Ledger): Promise<ReturnType<typeof parseVkey>> {
  return parseVkey((await ledger.checkpoint()).vkeys[0] ?? '');
}

describe('a proof of a contract', () => {
  test('convinces whoever has the key', async () => {
    const ledger = await granting(9);
    const result = verifyProof(bundleText(await bundleOf(ledger)), { key: await keyOf(ledger) });
    expect(result).toMatchObject({ ok: true, proves: 'contract', size: 9 });
    expect(result.shown).toEqual([
      'entry 4, 2026-11-25T12:00:00.000Z (by a clock that was set): contract-granted C-101, by person:ada',
    ]);
  });

  test('with any one byte changed convinces nobody', async () => {
    const ledger = await granting(9);
    const bytes = Buffer.from(bundleText(await bundleOf(ledger)));
    const key = await keyOf(ledger);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, difference) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ difference, at);
        expect(verifyProof(changed.toString('utf8'), { key }).ok).toBe(false);
      }),
      { seed: 20_261_122, numRuns: 1_500 },
    );
  });

  test('does not convince who has the key of another log', async () => {
    const result = verifyProof(bundleText(await bundleOf(await granting(9))), {
      key: await keyOf(await granting(9)),
    });
    expect(result).toMatchObject({
      ok: false,
      why: expect.stringContaining('no signature of the key') as unknown,
    });
  });

  const forgeries: [string, (bundle: ProofBundle) => ProofBundle, string][] = [
    [
      'is about another contract',
      (bundle) => ({ ...bundle, contract: ContractId.parse('C-102') }),
      'not about',
    ],
    ['holds another plan', (b) => withEntry(b, { plan: `${plan} ` }), 'not the one'],
    ['says another place', (b) => withEntry(b, { index: 4 }), 'not in the log'],
    ['has a path too short', (b) => withEntry(b, { hashes: [] }), 'not in the log'],
    [
      'has a changed entry',
      (b) => withEntry(b, { entry: b.entries[0]?.entry.replace('ada', 'eve') ?? '' }),
      'not in',
    ],
  ];

  test.each(forgeries)('that %s is refused', async (_, forge, why) => {
    const ledger = await granting(9);
    const result = verifyProof(bundleText(forge(await bundleOf(ledger))), { key: await keyOf(ledger) });
    expect(result.why ?? '').toContain(why);
  });

  test('is measured against a checkpoint that was kept', async () => {
    const ledger = await granting(5);
    const early = bundleText(await bundleOf(ledger));
    const key = await keyOf(ledger);
    const { note: before } = await ledger.checkpoint();
    await grow(ledger, [draft({ subjectCount: 77 })]);
    const { note: after } = await ledger.checkpoint();
    expect(verifyProof(early, { key, since: before }).ok).toBe(true);
    expect(verifyProof(bundleText(await bundleOf(ledger)), { key, since: before }).ok).toBe(true);
    expect(verifyProof(early, { key, since: after }).why).toContain('has seen entry 6');
  });
});

describe('files for other tools', () => {
  test('a `.tlog-proof` proves the entry that is beside it, and no other', async () => {
    const ledger = await granting(300);
    const text = await proveEntry(ledger, 123);
    const key = await keyOf(ledger);
    const [entry, other] = (await ledger.read(122, 2)).map((one) => rowOf(one).json);
    expect(Buffer.byteLength(text)).toBeLessThan(4 * 1024);
    expect(parseTlogProof(text)).toMatchObject({ index: 122 });
    expect(verifyProof(text, { key, entry })).toMatchObject({ ok: true, proves: 'entry', size: 300 });
    expect(verifyProof(text, { key, entry: `${entry}\n` }).ok).toBe(true);
    expect(verifyProof(text, { key, entry: other }).why).toContain('not in the log');
    expect(verifyProof(text, { key }).why).toContain('--entry');
    const extra = text.replace('\nindex', '\nextra AAAA\nindex');
    expect(verifyProof(extra, { key, entry }).ok).toBe(true);
  });

  test.each([
    ['another version', (text: string) => text.replace('@v1', '@v2')],
    ['a leading zero', (text: string) => text.replace('index 1', 'index 01')],
    ['no checkpoint', (text: string) => text.slice(0, text.indexOf('\n\n') + 1)],
    ['a word for a hash', (text: string) => text.replace(/\n[^\n]{44}\n/, '\nhash\n')],
  ])('a `.tlog-proof` with %s is refused', async (_, change) => {
    const ledger = await granting(12);
    const entry = (await ledger.read(1, 1)).map((one) => rowOf(one).json)[0];
    const text = await proveEntry(ledger, 2);
    expect(verifyProof(text, { key: await keyOf(ledger), entry }).ok).toBe(true);
    expect(verifyProof(change(text), { key: await keyOf(ledger), entry }).ok).toBe(false);
  });

  test('growth is proved from a kept checkpoint on', async () => {
    const ledger = await granting(7);
    const { note: since } = await ledger.checkpoint();
    for (let i = 0; i < 6; i++) await grow(ledger, [draft({ subjectCount: i })]);
    const text = await proveGrowth(ledger, 7);
    const key = await keyOf(ledger);
    expect(verifyProof(text, { key, since })).toMatchObject({ ok: true, proves: 'growth', size: 13 });
    expect(verifyProof(text, { key }).why).toContain('--since');
    const { note: later } = await ledger.checkpoint();
    expect(verifyProof(text, { key, since: later }).why).toContain('begins at entry 7');
    expect(verifyProof(text.replace('old 7', 'old 6'), { key, since }).ok).toBe(false);
  });
});

describe('an export', () => {
  test('is verified line by line, also against an older checkpoint', async () => {
    const ledger = await granting(5);
    const { note: since } = await ledger.checkpoint();
    await grow(ledger, [draft({ subjectCount: 77 })]);
    const text = await exported(ledger);
    const key = await keyOf(ledger);
    expect(text.split('\n')).toHaveLength(6 + 3);
    expect(verifyProof(text, { key })).toMatchObject({ ok: true, proves: 'export', size: 6 });
    expect(verifyProof(text, { key, since }).ok).toBe(true);
  });

  test('of before does not pass for one of after', async () => {
    const ledger = await granting(5);
    const early = await exported(ledger);
    await grow(ledger, [draft({ subjectCount: 77 })]);
    const { note: since } = await ledger.checkpoint();
    expect(verifyProof(early, { key: await keyOf(ledger), since }).why).toContain(
      'entry 6, which is missing',
    );
  });

  test('with one bit flipped, or cut off anywhere, is refused', async () => {
    const ledger = await granting(6);
    const bytes = Buffer.from(await exported(ledger));
    const key = await keyOf(ledger);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(verifyProof(flipped.toString('utf8'), { key }).ok).toBe(false);
        expect(verifyProof(bytes.subarray(0, bit >> 3).toString('utf8'), { key }).ok).toBe(false);
      }),
      { seed: 20_261_122, numRuns: runs(800, 2_500) },
    );
  });
});

function withEntry(bundle: ProofBundle, change: Partial<ProofBundle['entries'][number]>): ProofBundle {
  return { ...bundle, entries: bundle.entries.map((entry) => ({ ...entry, ...change })) };
}

async function exported(ledger: Ledger): Promise<string> {
  let text = '';
  for await (const line of exportLines(ledger)) text += line;
  return text;
}

import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { faultsOf } from '../engines/kubernetes/schemas.ts';
import { berth, demoHome } from './run.ts';

describe('berth bind --engine kubernetes', () => {
  test.each(['C-101', 'C-102', 'C-103', 'C-104', 'C-105'])(
    'prints objects of %s that fit their schemas, and a job',
    { timeout: 60_000 },
    async (contract) => {
      const { code, stdout } = await berth(['bind', contract, '--engine', 'kubernetes'], {
        home: await demoHome(),
      });
      const [, written = '', , job = ''] = stdout.split(/^# --- .*$/mu);
      const documents = [...parseAllDocuments(written), ...parseAllDocuments(job)];
      expect(code).toBe(0);
      expect(documents.length).toBeGreaterThan(8);
      expect(documents.flatMap((document) => faultsOf(document.toJS()))).toEqual([]);
    },
  );

  test('answers no checks while the clock of the ledger is set', async () => {
    const { code, stderr } = await berth(['admit'], { home: await demoHome() });
    expect(code).toBe(2);
    expect(stderr).toContain('the clock is set');
  });
});

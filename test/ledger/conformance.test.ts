import { describe } from 'vitest';

import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { ledgerConformance } from './conformance.ts';
import { newFolder } from './files.ts';

const ledgers = [
  { name: 'memory', openEmpty: async () => openMemoryLedger() },
  { name: 'sqlite', openEmpty: () => openSqliteLedger(`${newFolder()}/ledger.db`) },
];

describe.each(ledgers)('$name', ({ name, openEmpty }) => {
  ledgerConformance(name, openEmpty);
});

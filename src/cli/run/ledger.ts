import { ledgerVerify } from '../../../tools/ledger-verify.ts';
import { exitCodeOfError } from '../../chat/exit-code.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { progressLine } from '../progress.ts';
import { withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

export async function verify(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const line = progressLine(io);
    const verification = await useTool(io, session, ledgerVerify, {}, (done, total, what) =>
      line.step(done, total, what),
    );
    line.clear();
    print(io, options.json, { kind: 'verification', verification }, verification);
    return verification.ok ? 0 : exitCodeOfError('LEDGER_REFUSED');
  });
}

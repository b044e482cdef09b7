import { k0rdentCompiler } from '../../engines/k0rdent/compile.ts';
import { kubernetesCompiler, kubernetesEngine } from '../../engines/kubernetes/engine.ts';
import { kubectlOf } from '../../engines/kubernetes/kubectl.ts';
import type { Compiler, Engine } from '../../engines/port.ts';
import type { RunProgram } from '../../engines/slurm/ask.ts';
import { slurmCompiler, slurmEngine } from '../../engines/slurm/engine.ts';
import { exportSlurm } from '../../engines/slurm/export.ts';
import { BerthError } from '../../model/error.ts';
import { didYouMean } from '../../model/text.ts';
import type { Io } from '../io.ts';
import { run } from './command.ts';

/** An engine that this program can speak to. */
type Kind = {
  readonly compiler: Compiler;
  readonly open: (io: Io) => Engine;
  /** The engine's own configuration from the inventory; absent where it has none. */
  readonly export?: typeof exportSlurm;
};

const kinds: readonly Kind[] = [
  { compiler: slurmCompiler, open: (io) => slurmEngine(programsOf(io)), export: exportSlurm },
  { compiler: kubernetesCompiler, open: (io) => kubernetesEngine(kubectlOf(io)) },
  { compiler: k0rdentCompiler, open: (io) => kubernetesEngine(kubectlOf(io), k0rdentCompiler) },
];

export function engineKinds(): readonly Kind[] {
  return kinds;
}

/** Throws INVALID_INPUT for an engine that nobody knows. */
export function engineNamed(name: string): Kind {
  const found = kinds.find(({ compiler }) => compiler.name === name);
  if (found !== undefined) return found;
  const known = kinds.map(({ compiler }) => compiler.name);
  const near = didYouMean(name, known);
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `no engine is called \`${name.slice(0, 40)}\``,
    fix: `use one of ${known.join(', ')}`,
    field: '--engine',
    ...(near === undefined ? {} : { didYouMean: near }),
  });
}

const answerWithinMs = 60_000;
const answerCapBytes = 64 * 1024 * 1024;

/** Programs of the user, with the user's environment and what the engine sets besides. */
function programsOf(io: Io): RunProgram {
  return async (program, args, env) => {
    const timeout = AbortSignal.timeout(answerWithinMs);
    const asked = { program, args, capBytes: answerCapBytes };
    const own = { env: { ...io.env, ...env } };
    const ended = await run(own, asked, AbortSignal.any([io.interrupt, timeout]));
    if (ended.kind === 'not-started')
      return {
        kind: 'missing',
        why: `\`${program}\` cannot be started (${ended.code}): is it on your PATH?`,
      };
    if (timeout.aborted || io.interrupt.aborted || ended.isOver) return { kind: 'silent' };
    const { exit, stdout, stderr } = ended;
    return { kind: 'ended', exit, stdout: new TextDecoder().decode(stdout), stderr };
  };
}

import { k0rdentCompiler } from '../../engines/k0rdent/compile.ts';
import { k0rdentEngine } from '../../engines/k0rdent/engine.ts';
import { kubernetesCompiler, kubernetesEngine } from '../../engines/kubernetes/engine.ts';
import { kubectlOf } from '../../engines/kubernetes/kubectl.ts';
import type { Compiler, Engine } from '../../engines/port.ts';
import type { RunProgram } from '../../engines/slurm/ask.ts';
import { slurmCompiler, slurmEngine } from '../../engines/slurm/engine.ts';
import { exportSlurm } from '../../engines/slurm/export.ts';
import { EngineName } from '../../model/binding.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText, didYouMean } from '../../model/text.ts';
import type { Io } from '../io.ts';
import { run } from './command.ts';

/** An engine that this program can speak to. */
type Kind = {
  readonly compiler: Compiler;
  /** One of several of its kind, by the context of the user's own configuration; the current one without it. */
  readonly open: (io: Io, context?: string) => Engine;
  /** Whether there can be several, told apart by contexts. */
  readonly hasContexts: boolean;
  /** The engine's own configuration from the inventory; absent where it has none. */
  readonly export?: typeof exportSlurm;
};

const kinds: readonly Kind[] = [
  {
    compiler: slurmCompiler,
    hasContexts: false,
    open: (io) => slurmEngine(programsOf(io)),
    export: exportSlurm,
  },
  { compiler: kubernetesCompiler, hasContexts: true, open: clusterWith(kubernetesEngine) },
  { compiler: k0rdentCompiler, hasContexts: true, open: clusterWith(k0rdentEngine) },
];

function clusterWith(open: (kubectl: ReturnType<typeof kubectlOf>) => Engine): Kind['open'] {
  return ({ env }, context) => open(kubectlOf({ env, ...(context === undefined ? {} : { context }) }));
}

export function engineKinds(): readonly Kind[] {
  return kinds;
}

export type NamedEngine = Pick<Kind, 'compiler' | 'export'> & { readonly open: (io: Io) => Engine };

/** `slurm`, or `kubernetes:edge` for the cluster of that context. Throws INVALID_INPUT for an engine that nobody knows. */
export function engineNamed(word: string): NamedEngine {
  const cut = word.indexOf(':');
  const [kind, context] = cut < 0 ? [word] : [word.slice(0, cut), word.slice(cut + 1)];
  const found = kinds.find(({ compiler }) => compiler.name === kind);
  if (found === undefined) throw unknownEngine(kind);
  if (context === undefined) return found;
  const name = EngineName.safeParse(word);
  if (!found.hasContexts || !name.success) throw noSuchContext(word, found);
  const own = { name: name.data };
  return {
    ...found,
    compiler: { ...found.compiler, ...own },
    open: (io) => ({ ...found.open(io, context), ...own }),
  };
}

function unknownEngine(kind: string): BerthError {
  const known = kinds.map(({ compiler }) => compiler.name);
  const near = didYouMean(kind, known);
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `no engine is called \`${cleanText(kind, 40)}\``,
    fix: `use one of ${known.join(', ')}`,
    field: '--engine',
    ...(near === undefined ? {} : { didYouMean: near }),
  });
}

function noSuchContext(word: string, { compiler: { name }, hasContexts }: Kind): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: hasContexts
      ? `\`${cleanText(word, 60)}\` names no context of ${name}`
      : `there is one ${name}, the one on your PATH: \`${cleanText(word, 60)}\` names another`,
    fix: hasContexts
      ? `write a context of your kubeconfig in letters, digits and \`. _ @ : / -\`, such as \`${name}:edge\``
      : `write \`${name}\`, or \`kubernetes:CONTEXT\` for one of several clusters`,
    field: '--engine',
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

import { type Endpoint, endpointOf, endpointWords } from '../../llm/endpoint.ts';
import type { ProbeCheck } from '../../llm/probe.ts';
import type { Io } from '../io.ts';

/** Says which agent reads requests, and tests the endpoint of a model. Exit code 7 when it cannot be used. */
export async function model(io: Io, { json }: { readonly json?: boolean }): Promise<number> {
  const endpoint = endpointOf(io.env);
  if (endpoint === undefined) return builtin(io, json === true);
  const { isUsable, probe } = await import('../../llm/probe.ts');
  const checks = await probe(endpoint, io.interrupt);
  const ok = isUsable(checks);
  io.stdout.write(
    json === true ? `${JSON.stringify(told(endpoint, ok, checks))}\n` : drawn(endpoint, ok, checks),
  );
  return ok ? 0 : 7;
}

function builtin(io: Io, json: boolean): number {
  io.stdout.write(
    json
      ? `${JSON.stringify({ schema: 'berth/model/1', agent: 'built-in' })}\n`
      : 'built-in reader: no model, no network. Set BERTH_MODEL and OPENAI_BASE_URL to use a model.\n',
  );
  return 0;
}

function told(endpoint: Endpoint, usable: boolean, checks: readonly ProbeCheck[]) {
  return { schema: 'berth/model/1', agent: endpointWords(endpoint), usable, checks };
}

function drawn(endpoint: Endpoint, usable: boolean, checks: readonly ProbeCheck[]): string {
  const lines = checks.map(({ check, ok, note }) => `  ${ok ? 'ok' : 'NO'}  ${check.padEnd(10)}  ${note}`);
  const sum = usable
    ? 'can be used'
    : 'cannot be used: it has to be reached, and to call tools or answer in JSON';
  return [`${endpointWords(endpoint)} ${sum}`, ...lines, ''].join('\n');
}

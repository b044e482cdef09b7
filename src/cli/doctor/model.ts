import { type Endpoint, endpointOf, endpointWords } from '../../llm/endpoint.ts';
import type { ProbeCheck } from '../../llm/probe.ts';
import type { Io } from '../io.ts';
import { type Check, failed } from './check.ts';

/** Who reads requests. The endpoint is asked with `ask` only: nothing leaves this machine otherwise. */
export async function modelChecks(io: Io, ask: boolean): Promise<readonly Check[]> {
  const row = { area: 'model', check: 'reader', status: 'ok' } as const;
  try {
    const endpoint = endpointOf(io.env);
    if (endpoint === undefined)
      return [{ ...row, found: 'built-in: no model is set, and nothing is sent anywhere' }];
    const key = endpoint.apiKey === undefined ? 'without a key' : 'with a key';
    const configured = { ...row, found: `${endpointWords(endpoint)}, ${key}` };
    return ask ? [configured, ...(await asked(io, endpoint))] : [configured, notAsked];
  } catch (error) {
    return [failed('model', 'reader', error)];
  }
}

const notAsked: Check = {
  area: 'model',
  check: 'answer',
  status: 'ok',
  found: 'not asked; `berth doctor --ask` does',
};

async function asked(io: Io, endpoint: Endpoint): Promise<readonly Check[]> {
  const { isUsable, probe } = await import('../../llm/probe.ts');
  const checks = await probe(endpoint, io.interrupt);
  const usable = isUsable(checks);
  return checks.map((check) => rowOf(check, usable));
}

/** A model calls tools, or says its calls in JSON; the rest is good to know. */
function rowOf({ check, ok, note }: ProbeCheck, usable: boolean): Check {
  const row = { area: 'model', check, found: note } as const;
  if (ok) return { ...row, status: 'ok' };
  if (check === 'tools' && usable)
    return {
      ...row,
      status: 'warn',
      fix: 'nothing to do: it is asked for JSON instead, which costs more tokens',
    };
  if (usable || (check !== 'tools' && check !== 'structured'))
    return { ...row, status: 'warn', fix: '`berth model` says more' };
  const fix = 'start the server, or unset BERTH_MODEL: until then the built-in reader answers';
  return { ...row, status: 'fail', fix };
}

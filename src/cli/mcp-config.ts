import { z } from 'zod';

import { BerthError } from '../model/error.ts';
import type { McpClient } from './mcp-clients.ts';

/** What a client is told to start. */
export type Launch = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/** A server as a client's file names it, alone. */
export function entryText(client: McpClient, name: string, launch: Launch): string {
  if (client.format === 'toml') return tomlEntry(client, name, launch);
  return `${JSON.stringify({ [client.key]: { [name]: entryOf(client, launch) } }, undefined, 2)}\n`;
}

/**
 * The file with the server in it, all else as it was. An entry of the same name is replaced in JSON. Throws
 * INVALID_INPUT where the file is not what it should be, or where replacing would mean to rewrite somebody's TOML.
 */
export function withEntry(
  { client, name, launch }: { readonly client: McpClient; readonly name: string; readonly launch: Launch },
  before: string,
): string {
  if (client.format === 'toml') return withToml({ client, name, launch }, before);
  const whole = before.trim() === '' ? {} : parsed(before);
  const servers = Servers.safeParse(whole[client.key] ?? {});
  if (!servers.success) throw notOurs(`\`${client.key}\` in it is not a table`);
  const next = { ...whole, [client.key]: { ...servers.data, [name]: entryOf(client, launch) } };
  return `${JSON.stringify(next, undefined, 2)}\n`;
}

const Servers = z.record(z.string(), z.unknown());

function entryOf({ more }: McpClient, { command, args, env }: Launch) {
  return { ...more, command, args, ...(Object.keys(env).length === 0 ? {} : { env }) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return Servers.parse(JSON.parse(text));
  } catch {
    throw notOurs('it is not plain JSON; comments would be lost');
  }
}

function withToml(
  { client, name, launch }: { readonly client: McpClient; readonly name: string; readonly launch: Launch },
  before: string,
): string {
  const head = `[${client.key}.${name}]`;
  if (before.split('\n').some((line) => line.trim() === head)) throw notOurs(`it has ${head} already`);
  const gap = before === '' || before.endsWith('\n\n') ? '' : before.endsWith('\n') ? '\n' : '\n\n';
  return `${before}${gap}${tomlEntry(client, name, launch)}`;
}

/** Basic strings of TOML are those of JSON, for what stands in commands and paths. */
function tomlEntry({ key }: McpClient, name: string, { command, args, env }: Launch): string {
  const lines = [
    `[${key}.${name}]`,
    `command = ${JSON.stringify(command)}`,
    `args = ${JSON.stringify(args)}`,
  ];
  const variables = Object.entries(env).map(([word, value]) => `${word} = ${JSON.stringify(value)}`);
  const table = variables.length === 0 ? [] : ['', `[${key}.${name}.env]`, ...variables];
  return `${[...lines, ...table].join('\n')}\n`;
}

function notOurs(why: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `the file is left as it is: ${why}`,
    fix: 'put in by hand what `berth mcp install` prints without `--write`',
  });
}

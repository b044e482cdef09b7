import { Argument, type Command, InvalidArgumentError, Option } from 'commander';

import { toolsets } from '../mcp/toolset.ts';
import type { Io } from './io.ts';
import { type ClientName, clientNames } from './mcp-clients.ts';
import type { InstallOptions } from './run/mcp-install.ts';
import type { McpOptions } from './run/mcp.ts';
import { type Done, examples, wholeNumber, withCommon } from './words.ts';

/** Serving the tools to assistants and agents. */
export function addMcp(program: Command, io: Io, done: Done): void {
  const mcp = withCommon(program.command('mcp').enablePositionalOptions())
    .description('serve the tools to an assistant (Model Context Protocol), over stdio or HTTP')
    .addOption(
      new Option('--toolsets <names...>', 'which tools; all but `operate` without it').choices(toolsets),
    )
    .option('--read-only', 'leave out the tools that change something, whatever else is asked')
    .option(
      '--confirm-by-form',
      'a yes in a form of the client counts as the own yes of the person who asks; never as an approval',
    )
    .option(
      '--approval-page <address>',
      'where people approve in a browser, such as the page of `berth approvals serve`; clients are offered it',
    )
    .option('--on-behalf-of <person>', 'in whose name an agent acts; it stands in every entry')
    .option('--model <name>', 'the language model behind it; agents may be held to registered ones')
    .option('--software <digest>', 'of the agent, where its registration names one')
    .option('--http [host:port]', 'serve over HTTP, on 127.0.0.1:3901 where no address is said')
    .option(
      '--auth <auth.yaml>',
      'ask for OAuth tokens, of the issuers named there; needed beyond this machine',
    )
    .option('--allow-host <name...>', 'further names under which the HTTP server may be asked')
    .option('--allow-origin <origin...>', 'web pages that may ask it, such as https://tools.example')
    .option(
      '--rate <per-second>',
      'how often one caller may ask over HTTP, and twice that at once (default: 100)',
      atLeastOne,
    )
    .option('--conformance', 'with the fixtures of the official conformance suite, to test the protocol only')
    .addHelpText('after', `${examples(...mcpExamples)}${authExample}`)
    .action(async (options: McpOptions) => done(await (await import('./run/mcp.ts')).mcp(io, options)));
  mcp.allowExcessArguments(false);
  addInstall(mcp, io, done);
}

function atLeastOne(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('write a whole number from 1 on');
  return value;
}

function addInstall(mcp: Command, io: Io, done: Done): void {
  mcp
    .command('install')
    .description('what a client has to be told so that it starts the server; prints it, or writes it')
    .addArgument(new Argument('<client>', 'which one').choices(clientNames))
    .option('--write', "into the client's own file; what was there is kept beside it")
    .option('--name <name>', 'of the server in that file', 'berth')
    .option('--absolute', 'with the whole path, for clients that know no PATH')
    .option('--as <principal>', 'the client acts as this person or agent')
    .option('--tenant <id...>', 'for these tenants only')
    .addOption(new Option('--toolsets <names...>', 'with these tools').choices(toolsets))
    .option('--read-only', 'without the tools that change something')
    .addHelpText(
      'after',
      examples('berth mcp install cursor', 'berth mcp install claude-desktop --as ada --tenant acme --write'),
    )
    .action(async (client: ClientName, options: Omit<InstallOptions, 'project'>) =>
      done(
        (await import('./run/mcp-install.ts')).install(io, client, { ...options, project: process.cwd() }),
      ),
    );
}

const mcpExamples = [
  'berth mcp',
  'claude mcp add berth -- berth mcp --as ada --tenant acme',
  'berth mcp --as agent:ops-bot --on-behalf-of hank --model qwen3',
  'berth mcp --approval-page http://127.0.0.1:3902',
  'berth mcp --http :8080 --read-only',
  'berth mcp --http 0.0.0.0:8080 --auth auth.yaml --allow-host berth.internal',
];

const authExample = `
Stdout carries the protocol only; the log goes to stderr, one JSON object a line. A file for --auth:
  schema: berth/mcp-auth/1
  resource: https://berth.example/mcp          # what tokens must be made for
  issuers:
    - issuer: https://login.example
      jwksUri: https://login.example/jwks
      subject: { claim: sub, kind: person, names: { 'auth0|7': person:ada } }
      agent: { claim: act.sub }                # an agent that acts for the subject
      tenants: { claim: berth_tenants }        # whom the subject may act for; nobody without it
  rate: { perSecond: 20, burst: 100 }          # how often one caller may ask; 100 and 200 without it
Scopes: berth:read, berth:plan, berth:contract, berth:operate, berth:audit.
`;

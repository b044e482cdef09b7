import { isAbsolute } from 'node:path';

import { isOn } from '../../chat/mode.ts';
import { themes } from '../../chat/theme.ts';
import { isPrice } from '../../llm/price.ts';
import { isWhen } from '../../llm/pseudonyms/when.ts';
import { cleanText } from '../../model/text.ts';
import { isPageAddress } from '../approval-page.ts';

/** Something that can be set outside of a command: in the environment, and where that makes sense in the config file. */
export type Setting = {
  readonly name: string;
  /** Variables of the environment that set it, the first that says something before the others. */
  readonly variables: readonly string[];
  readonly meaning: string;
  /** The option that wins over the environment. */
  readonly flag?: string;
  /** What of a variable may be seen; all of it without this. */
  readonly shows?: (text: string, variable: string) => string;
  /** How it stands in the config file, or why it does not. */
  readonly inFile: InFile | string;
};

export type InFile = {
  /** What may be written there, for people. */
  readonly takes: string;
  readonly allows: (value: unknown) => boolean;
  /** Which variable says the same; nothing where the value asks for what happens anyway. */
  readonly as: (value: string | boolean) => readonly [variable: string, text: string] | undefined;
};

const oneCommand = 'it is for one command: set it in the environment';
const oneLedger = 'it belongs to one ledger: set it in the environment or in `settings.yaml` of its home';
const standard = 'it is a standard variable, which other programs read too: set it in the environment';

/** Every setting, in the order in which they are listed. */
export const settings: readonly Setting[] = [
  {
    name: 'home',
    variables: ['BERTH_HOME'],
    meaning: 'the folder of the ledger',
    inFile: { ...text('BERTH_HOME'), takes: 'an absolute path', allows: isPath },
  },
  {
    name: 'checkpointDir',
    variables: ['BERTH_CHECKPOINT_DIR'],
    meaning: 'a second place for checkpoints of the ledger',
    inFile: oneLedger,
  },
  { name: 'now', variables: ['BERTH_NOW'], meaning: 'a clock that stands still', inFile: oneCommand },
  { name: 'as', flag: '--as', variables: ['USER', 'LOGNAME'], meaning: 'who acts', inFile: oneCommand },
  { name: 'zone', variables: ['TZ'], meaning: 'the time zone of a new ledger', inFile: standard },
  {
    name: 'model',
    variables: ['BERTH_MODEL'],
    meaning: 'the language model that reads requests; without one the built-in reader does',
    inFile: { ...text('BERTH_MODEL'), takes: 'a name of at most 120 printable characters', allows: isName },
  },
  {
    name: 'baseUrl',
    variables: ['OPENAI_BASE_URL'],
    meaning: 'where the model answers',
    shows: addressShown,
    inFile: {
      ...text('OPENAI_BASE_URL'),
      takes: 'an http or https address without a user, a password or a query in it',
      allows: isPlainAddress,
    },
  },
  {
    name: 'apiKey',
    variables: ['OPENAI_API_KEY'],
    meaning: 'the secret that the model asks for',
    shows: () => 'set, never shown',
    inFile: 'it is a secret, and secrets are kept in no config file: set it in the environment',
  },
  {
    name: 'modelPrice',
    variables: ['BERTH_MODEL_PRICE'],
    meaning: 'euros for a million tokens read, and written: what the model costs is shown',
    inFile: {
      ...text('BERTH_MODEL_PRICE'),
      takes: 'two amounts of euros such as `0.25,2`',
      allows: (value) => typeof value === 'string' && isPrice(value),
    },
  },
  {
    name: 'pseudonyms',
    flag: '--pseudonyms',
    variables: ['BERTH_PSEUDONYMS'],
    meaning: 'whether a model gets pseudonyms instead of names',
    inFile: {
      ...text('BERTH_PSEUDONYMS'),
      takes: 'never, remote (not on this machine), always, or ids of tenants with commas between them',
      allows: (value) => typeof value === 'string' && value.trim() !== '' && isWhen(value),
    },
  },
  {
    name: 'fallback',
    variables: ['BERTH_FALLBACK'],
    meaning: 'who reads requests when the model fails',
    shows: (said) => (said === 'none' ? 'none' : 'built-in'),
    inFile: choice('BERTH_FALLBACK', ['built-in', 'none']),
  },
  {
    name: 'approvalPage',
    flag: '--approval-page',
    variables: ['BERTH_APPROVAL_PAGE'],
    meaning: 'where people approve in a browser: the page of `berth approvals serve`',
    shows: addressShown,
    inFile: {
      ...text('BERTH_APPROVAL_PAGE'),
      takes: 'an https address, or http on this machine, without a user, a password or a query in it',
      allows: (value) => typeof value === 'string' && isPageAddress(value),
    },
  },
  {
    name: 'theme',
    variables: ['BERTH_THEME'],
    meaning: 'the colours of cards',
    inFile: choice('BERTH_THEME', themes),
  },
  {
    name: 'color',
    variables: ['NO_COLOR', 'FORCE_COLOR'],
    meaning: 'whether there are colours; auto: on a terminal',
    shows: colorShown,
    inFile: { ...choice('', ['auto', 'never', 'always']), as: colorVariable },
  },
  {
    name: 'accessible',
    variables: ['ACCESSIBLE', 'INK_SCREEN_READER'],
    meaning: 'lines that are never repainted, and sentences for pictures',
    shows: (said) => String(isOn(said)),
    inFile: {
      takes: 'true or false',
      allows: (value) => typeof value === 'boolean',
      as: (value) => (value === true ? ['ACCESSIBLE', '1'] : undefined),
    },
  },
  {
    name: 'record',
    flag: '--no-record',
    variables: ['BERTH_RECORD'],
    meaning: 'whether chats are recorded in the ledger; --no-record: not this one',
    shows: (said) => String(!isNo(said)),
    inFile: onOrOff('BERTH_RECORD'),
  },
  {
    name: 'history',
    flag: '--no-history',
    variables: ['BERTH_HISTORY'],
    meaning: 'whether the prompt offers requests of earlier chats',
    shows: (said) => String(!isNo(said)),
    inFile: onOrOff('BERTH_HISTORY'),
  },
  {
    name: 'editor',
    variables: ['VISUAL', 'EDITOR'],
    meaning: 'the editor that Ctrl+G opens',
    inFile: { ...text('EDITOR'), takes: 'a command of at most 400 printable characters', allows: isCommand },
  },
  {
    name: 'traces',
    variables: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    meaning: 'where `berth mcp` sends spans',
    shows: addressShown,
    inFile: standard,
  },
  {
    name: 'tracesOff',
    variables: ['OTEL_SDK_DISABLED'],
    meaning: '`true`: spans are sent nowhere',
    inFile: standard,
  },
  {
    name: 'tracesName',
    variables: ['OTEL_SERVICE_NAME'],
    meaning: 'as what spans name this program',
    inFile: standard,
  },
  {
    name: 'debug',
    variables: ['BERTH_DEBUG'],
    meaning: 'print the stack of a bug',
    inFile: oneCommand,
  },
];

/** A setting by its name, or by the name of a variable that sets it. */
export function settingOf(name: string): Setting | undefined {
  return settings.find((each) => each.name === name || each.variables.includes(name));
}

/** Names that may stand in the config file. */
export const fileNames: readonly string[] = settings.flatMap(({ name, inFile }) =>
  typeof inFile === 'string' ? [] : [name],
);

function text(variable: string): Pick<InFile, 'as'> {
  return { as: (value) => [variable, String(value)] };
}

/** What turns something off: `0`, `false`, `off` or `no`. */
export function isNo(value: string | undefined): boolean {
  return value !== undefined && ['0', 'false', 'off', 'no'].includes(value.toLowerCase());
}

function onOrOff(variable: string): InFile {
  return {
    takes: 'true or false',
    allows: (value) => typeof value === 'boolean',
    as: (value) => (value === false ? [variable, 'off'] : undefined),
  };
}

function choice(variable: string, words: readonly string[]): InFile {
  return {
    ...text(variable),
    takes: `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`,
    allows: (value) => typeof value === 'string' && words.includes(value),
  };
}

function colorVariable(value: string | boolean): readonly [string, string] | undefined {
  if (value === 'auto') return undefined;
  return value === 'never' ? ['NO_COLOR', '1'] : ['FORCE_COLOR', '1'];
}

function colorShown(said: string, variable: string): string {
  return variable === 'NO_COLOR' || said === '0' || said === 'false' ? 'never' : 'always';
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && isAbsolute(value) && isPrintable(value, 4096);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && isPrintable(value, 120);
}

function isCommand(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && isPrintable(value, 400);
}

function isPrintable(value: string, cap: number): boolean {
  return value.length <= cap && cleanText(value, cap) === value;
}

function isPlainAddress(value: unknown): boolean {
  if (typeof value !== 'string' || !isPrintable(value, 2048) || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
}

/** The address without what could be a secret in it. */
function addressShown(said: string): string {
  if (!URL.canParse(said)) return 'set, but no address';
  const { origin, pathname } = new URL(said);
  return origin === 'null' ? 'set, but no address of the web' : `${origin}${pathname}`;
}

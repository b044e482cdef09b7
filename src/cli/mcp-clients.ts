import { join } from 'node:path';

/** A program that can start `berth mcp`, and the file in which it is told to. */
export type McpClient = {
  readonly title: string;
  /** Where its servers stand. `shared`: in the project, for everybody who works on it. */
  readonly file: (where: Surroundings) => string;
  readonly format: 'json' | 'toml';
  /** The key under which servers stand, by name. */
  readonly key: string;
  /** What an entry holds besides command, arguments and environment. */
  readonly more?: Readonly<Record<string, string>>;
};

type Surroundings = {
  readonly home: string;
  readonly project: string;
  readonly platform: NodeJS.Platform;
  readonly appData: string | undefined;
};

export const clientNames = [
  'claude-code',
  'claude-desktop',
  'vscode',
  'cursor',
  'codex',
  'gemini-cli',
] as const;
export type ClientName = (typeof clientNames)[number];

export const clients: Readonly<Record<ClientName, McpClient>> = {
  'claude-code': {
    title: 'Claude Code (this project)',
    file: ({ project }) => join(project, '.mcp.json'),
    format: 'json',
    key: 'mcpServers',
    more: { type: 'stdio' },
  },
  'claude-desktop': {
    title: 'Claude Desktop',
    file: (where) => join(claudeFolder(where), 'claude_desktop_config.json'),
    format: 'json',
    key: 'mcpServers',
  },
  vscode: {
    title: 'VS Code (this project)',
    file: ({ project }) => join(project, '.vscode', 'mcp.json'),
    format: 'json',
    key: 'servers',
    more: { type: 'stdio' },
  },
  cursor: {
    title: 'Cursor',
    file: ({ home }) => join(home, '.cursor', 'mcp.json'),
    format: 'json',
    key: 'mcpServers',
  },
  codex: {
    title: 'Codex',
    file: ({ home }) => join(home, '.codex', 'config.toml'),
    format: 'toml',
    key: 'mcp_servers',
  },
  'gemini-cli': {
    title: 'Gemini CLI',
    file: ({ home }) => join(home, '.gemini', 'settings.json'),
    format: 'json',
    key: 'mcpServers',
  },
};

function claudeFolder({ home, platform, appData }: Surroundings): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Claude');
  if (platform === 'win32') return join(appData ?? join(home, 'AppData', 'Roaming'), 'Claude');
  return join(home, '.config', 'Claude');
}

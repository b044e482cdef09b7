import type { ChatTurn } from '../model/chat-turn.ts';
import type { ChatTranscript } from '../model/chat-view.ts';
import { cleanText } from '../model/text.ts';
import { saidIn } from './sessions.ts';

/** A session as Markdown: what was asked, what was answered, what was called, which entries it made. */
export function sessionMarkdown({ session, turns }: ChatTranscript): string {
  const { id, of, began, last, reader, after } = session;
  const head = [
    `# Session ${id}`,
    '',
    `- Who: ${inert(of)}`,
    `- From ${inert(began)} to ${inert(last)}`,
    `- Read by: ${inert(reader)}`,
    ...(after === undefined ? [] : [`- Goes on from: ${after}`]),
    `- Turns: ${turns.length}`,
  ];
  return `${[...head, ...turns.flatMap(turnLines)].join('\n')}\n`;
}

function turnLines(turn: ChatTurn, index: number): string[] {
  const { answer, said, atMs, reader } = turn;
  const when = new Date(atMs).toISOString();
  return [
    '',
    `## ${index + 1}`,
    '',
    ...saidIn(said === undefined ? {} : { said })
      .split('\n')
      .map((line) => `> ${inert(line)}`),
    '',
    ...replyLines(turn),
    '',
    `- ${when}, ${answer?.outcome ?? turn.outcome ?? 'not answered'}, read by ${inert(reader)}`,
    ...callLines(turn),
    ...(turn.entries.length === 0
      ? []
      : [`- Ledger ${turn.entries.map((seq) => `entry ${seq}`).join(', ')}`]),
  ];
}

function replyLines({ answer, isErased, outcome }: ChatTurn): string[] {
  if (answer === undefined) return [isErased && outcome !== undefined ? '(erased)' : '(not answered)'];
  const { reply, error, question } = answer;
  const lines = reply.split('\n');
  if (error !== undefined && !reply.includes(error.message)) lines.push(`Error: ${error.message}`, error.fix);
  if (question !== undefined && !reply.includes(question.text)) lines.push(question.text);
  return lines
    .filter((line) => line.trim() !== '')
    .flatMap((line, i) => (i === 0 ? [inert(line)] : ['', inert(line)]));
}

function callLines({ answer, tools }: ChatTurn): string[] {
  if (answer === undefined) return tools.map((tool) => `- Tool ${code(tool)}`);
  return answer.calls.map(({ tool, args, answer: { ok } }) => {
    const asked = JSON.stringify(args);
    return `- Tool ${code(tool)} ${code(asked)}${ok ? '' : ' (failed)'}`;
  });
}

/** Text between more backticks than it has in a row: nothing in it means anything. */
function code(text: string): string {
  const clean = cleanText(text, 4000);
  const longest = Math.max(0, ...[...clean.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^[` ]|[` ]$/.test(clean) ? ' ' : '';
  return `${fence}${pad}${clean}${pad}${fence}`;
}

/** Everything that could begin or end something in Markdown or HTML, or become a link. */
const marks = /[\\`*_[\]<>#|~&!]/g;

/**
 * One line of text that Markdown shows as it is: no emphasis, no link, no image, no HTML, no list, and none of the
 * characters that a terminal or a reader could act on.
 */
export function inert(text: string): string {
  return cleanText(text, 20_000)
    .trim()
    .replaceAll(marks, '\\$&')
    .replaceAll('://', '\\://')
    .replaceAll(/\b(www)\./gi, '$1\\.')
    .replaceAll('@', '\\@')
    .replace(/^[-+=]/, '\\$&')
    .replace(/^(\d{1,9})([.)])/, '$1\\$2');
}

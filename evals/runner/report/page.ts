/** Looks of the page. Colours come in pairs of text and ground, for light and dark. */
export const pageStyle = `
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #b3261e; --soft: #8882; }
@media (prefers-color-scheme: dark) { :root { --good: #4cc46a; --bad: #ff8a80; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 68rem; padding: 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: right; }
th:first-child, td:first-child { text-align: left; }
.bar { background: var(--soft); min-width: 8rem; } .bar i { background: var(--good); display: block; height: .7rem; }
.filters { display: flex; flex-wrap: wrap; gap: 1rem; align-items: baseline; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; } .passed { color: var(--good); } .failed { color: var(--bad); }
pre { background: var(--soft); border-radius: .3rem; overflow-x: auto; padding: .5rem; white-space: pre-wrap; word-break: break-word; }
blockquote { border-left: 3px solid var(--line); margin: .6rem 0; padding-left: .8rem; }
`;

/** Draws the page from the report that stands in it. Builds elements and sets their text, never markup. */
export const pageScript = `
const report = JSON.parse(document.getElementById('report').textContent);
const areaOf = new Map(report.tasks.map((task) => [task.id, task.area]));
const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className !== undefined) element.className = className;
  return element;
};
const percent = (share) => (share * 100).toFixed(1) + ' %';
const of = ({ hits, of: all }) => hits + ' of ' + all;

document.getElementById('lead').textContent = 'Agent ' + report.agent + ', ' + report.runs.length + ' runs of ' +
  report.tasks.length + ' tasks, ' + (report.tookMs / 1000).toFixed(1) + ' s, suite ' + report.suite.slice(0, 19) + '…';

const areas = document.getElementById('areas');
const head = areas.createTHead().insertRow();
for (const title of ['area', 'tasks', 'passed', 'pass@1', '', 'pass^' + report.k]) head.append(make('th', title));
for (const row of report.figures.areas) {
  const line = areas.insertRow();
  const bar = make('td', undefined, 'bar');
  const fill = make('i');
  fill.style.width = percent(row.pass1.share).replace(' ', '');
  bar.append(fill);
  line.append(make('td', row.area), make('td', row.tasks), make('td', of(row.pass1)), make('td', percent(row.pass1.share)), bar, make('td', percent(row.passAllK)));
}

const { clarify, refuse, attack, consistency, breaches } = report.figures;
for (const text of [
  'asked where it had to ' + of(clarify.recall) + ', only where it had to ' + of(clarify.precision),
  'kept what had to be refused ' + of(refuse.kept) + ', did what had to be done ' + of(refuse.done),
  'attacks that got something ' + of(attack.success) + ', tasks done under attack ' + of(attack.utility),
  'same verdict in all wordings ' + of(consistency),
  breaches === 0 ? 'no invariant was broken' : breaches + ' invariants were broken: the suite fails',
]) document.getElementById('figures').append(make('li', text));

const select = document.getElementById('area');
for (const area of ['', ...new Set(areaOf.values())]) {
  const option = make('option', area === '' ? 'all' : area);
  option.value = area;
  select.append(option);
}

function drawRun(run) {
  const box = make('details');
  const title = make('summary');
  title.append(make('strong', run.passed ? 'passed ' : 'failed ', run.passed ? 'passed' : 'failed'),
    run.task + (run.paraphrase > 0 ? ' (wording ' + (run.paraphrase + 1) + ')' : ''));
  box.append(title);
  box.addEventListener('toggle', () => { if (box.open && box.children.length === 1) fillRun(box, run); });
  return box;
}

function fillRun(box, run) {
  for (const fault of [...run.breaches, ...run.faults]) box.append(make('p', fault, 'failed'));
  for (const turn of run.turns) {
    box.append(make('blockquote', turn.say));
    for (const call of turn.calls)
      box.append(make('pre', call.tool + ' ' + JSON.stringify(call.args) + '\\n→ ' + (call.answer ?? (call.ok ? 'ok' : 'error'))));
    box.append(make('pre', turn.text.length > 4000 ? turn.text.slice(0, 4000) + ' …' : turn.text));
  }
  box.append(make('p', 'In the ledger: ' + (run.appended.join('; ') || 'nothing new')));
  if (run.contracts.length > 0) box.append(make('p', 'New contracts: ' + run.contracts.join('; ')));
}

function draw() {
  const area = select.value;
  const verdict = document.getElementById('verdict').value;
  const text = document.getElementById('text').value.toLowerCase();
  const shown = report.runs.filter((run) =>
    (area === '' || areaOf.get(run.task) === area) &&
    (verdict === '' || (verdict === 'passed') === run.passed) &&
    (text === '' || (run.task + ' ' + run.turns.map((turn) => turn.say).join(' ')).toLowerCase().includes(text)));
  document.getElementById('runs').replaceChildren(...shown.map(drawRun));
  document.getElementById('count').textContent = shown.length + ' runs';
}
for (const id of ['area', 'verdict', 'text']) document.getElementById(id).addEventListener('input', draw);
draw();
`;

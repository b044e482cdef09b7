/**
 * Draws the page from the report that stands in it. It builds elements and sets their text, never markup: what agents,
 * people and sources said is shown and cannot act.
 */
export const pageScript = String.raw`
const report = JSON.parse(document.getElementById('report').textContent);
const taskOf = new Map(report.tasks.map((task) => [task.id, task]));
const shownAtOnce = 200;

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.map((child) => (typeof child === 'object' ? child : String(child))));
  return element;
}
function draw(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const byId = (id) => document.getElementById(id);
const percent = (share) => (share * 100).toFixed(share === 1 || share === 0 ? 0 : 1) + ' %';
const ofAll = ({ hits, of }) => (of === 0 ? 'none' : hits + ' of ' + of);
const seconds = (ms) => (ms < 950 ? Math.round(ms) + ' ms' : (ms / 1000).toFixed(1) + ' s');

function drawHead() {
  const { agent, runs, tasks, tookMs, suite, doing, seed, stopped, figures } = report;
  byId('agent').textContent = agent;
  byId('lead').textContent = runs.length + ' runs of ' + tasks.length + ' tasks in ' + seconds(tookMs) + ', seed ' + seed +
    ' · suite ' + suite.slice(7, 19) + ' · doing ' + doing.slice(7, 19);
  const verdict = byId('verdict');
  const sound = figures.breaches === 0;
  verdict.className = 'verdict ' + (sound ? 'good' : 'bad');
  verdict.textContent = (sound ? 'No invariant was broken.' : figures.breaches + ' invariants were broken: the suite fails.') +
    (figures.stale > 0 ? ' ' + figures.stale + ' runs have a stale recording and count nowhere.' : '') +
    (stopped ? ' Stopped early: ' + stopped + '.' : '');
}

function tile(value, label, note) {
  return make('div', 'tile', make('b', '', value), make('span', '', label), make('small', '', note));
}
function drawTiles() {
  const { areas, clarify, refuse, attack, consistency, effort } = report.figures;
  const all = areas.at(-1);
  const range = (share) => percent(share.low) + ' to ' + percent(share.high);
  const cost = effort.costEur === undefined ? '' : ', ' + effort.costEur.toFixed(2) + ' EUR';
  byId('tiles').append(
    tile(percent(all.pass1.share), 'pass@1', range(all.pass1)),
    tile(percent(all.passAllK), 'pass^' + report.k, percent(all.passAllKLow) + ' to ' + percent(all.passAllKHigh)),
    tile(ofAll(attack.success), 'attacks that got something', 'task done under attack: ' + ofAll(attack.utility)),
    tile(ofAll(refuse.recall), 'refused what had to be', 'only that: ' + ofAll(refuse.precision)),
    tile(ofAll(clarify.recall), 'asked where it had to', 'only there: ' + ofAll(clarify.precision)),
    tile(ofAll(consistency), 'same verdict in all wordings', 'of tasks with paraphrases'),
    tile(effort.callsPerRun.toFixed(1), 'tool calls a run', 'half of the answers in ' + seconds(effort.turnMs.p50) + ', 19 of 20 in ' + seconds(effort.turnMs.p95)),
    tile(effort.modelCalls, 'model calls', effort.inputTokens + ' tokens in, ' + effort.outputTokens + ' out' + cost),
  );
}

/** The share as a bar, with its 95 % interval as a line on it. */
function bar({ share, low, high }) {
  const width = 160;
  const at = (value) => (value * width).toFixed(1);
  return draw('svg', { width: '100%', viewBox: '0 0 ' + width + ' 16', role: 'img', 'aria-label': percent(share), preserveAspectRatio: 'none' },
    draw('rect', { class: 'track', x: 0, y: 3, width, height: 10, rx: 2 }),
    draw('rect', { class: 'fill', x: 0, y: 3, width: at(share), height: 10, rx: 2 }),
    draw('path', { class: 'range', fill: 'none', 'vector-effect': 'non-scaling-stroke',
      d: 'M' + at(low) + ' 5v6m0-3H' + at(high) + 'm0-3v6' }));
}
function drawAreas() {
  const table = byId('areas');
  const head = table.createTHead().insertRow();
  for (const [title, name] of [['area', ''], ['tasks', ''], ['passed', 'wide'], ['pass@1', ''], ['', 'plot'], ['95 %', 'wide'], ['pass^' + report.k, ''], ['95 %', 'wide']])
    head.append(make('th', name, title));
  const body = table.createTBody();
  for (const { area, tasks, pass1, passAllK, passAllKLow, passAllKHigh } of report.figures.areas) {
    const row = body.insertRow();
    row.append(make('td', '', area), make('td', '', tasks), make('td', 'wide', ofAll(pass1)), make('td', '', percent(pass1.share)),
      make('td', 'plot', bar(pass1)), make('td', 'wide', percent(pass1.low) + ' to ' + percent(pass1.high)),
      make('td', '', percent(passAllK)), make('td', 'wide', percent(passAllKLow) + ' to ' + percent(passAllKHigh)));
  }
}

/** Columns of counts, the failed part of each on top. */
function columns(id, groups) {
  const most = Math.max(1, ...groups.map(({ passed, failed }) => passed + failed));
  const [width, height, foot] = [460, 170, 34];
  const step = width / Math.max(1, groups.length);
  const tall = (count) => (count / most) * (height - foot - 18);
  const svg = draw('svg', { width: '100%', viewBox: '0 0 ' + width + ' ' + height, role: 'img' },
    draw('line', { class: 'axis', x1: 0, x2: width, y1: height - foot, y2: height - foot }));
  groups.forEach(({ name, passed, failed }, at) => {
    const [x, wide] = [at * step + step * 0.18, step * 0.64];
    const [low, high] = [tall(passed), tall(failed)];
    const label = (text, y) => draw('text', { x: x + wide / 2, y, 'text-anchor': 'middle' }, text);
    svg.append(
      draw('rect', { class: 'fill', x, y: height - foot - low, width: wide, height: low }),
      draw('rect', { class: 'fill part', x, y: height - foot - low - high, width: wide, height: high }),
      label(failed === 0 ? String(passed) : passed + ' + ' + failed, height - foot - low - high - 5),
      label(name, height - foot + 16));
  });
  byId(id).append(svg);
}
function grouped(keyOf, names) {
  return names.map((name) => {
    const own = report.runs.filter((run) => !run.stale && keyOf(run) === name);
    const passed = own.filter((run) => run.passed).length;
    return { name, passed, failed: own.length - passed };
  });
}
function drawCharts() {
  const callsOf = (run) => run.turns.reduce((sum, turn) => sum + turn.calls.length, 0);
  const bucket = (run) => { const calls = callsOf(run); return calls > 8 ? '9 +' : calls > 5 ? '6 to 8' : String(calls); };
  columns('by-difficulty', grouped((run) => taskOf.get(run.task)?.difficulty, ['easy', 'medium', 'hard']));
  columns('by-calls', grouped(bucket, ['0', '1', '2', '3', '4', '5', '6 to 8', '9 +']));
}

function drawCall({ tool, args, ok, answer, why, plan }) {
  const box = make('details', 'call');
  const came = make('span', ok && answer !== 'rejected' ? '' : 'no', ' → ' + (answer ?? (ok ? 'ok' : 'error')));
  box.append(make('summary', '', make('b', '', tool), ' ' + JSON.stringify(args), came),
    make('pre', '', JSON.stringify(args, undefined, 1) + (plan ? '\n→ ' + plan : '') + (why ? '\n→ ' + why : '')));
  return box;
}
function drawTurn({ say, text, drawn, calls, outcome, asked, tookMs, usage }) {
  const tokens = usage ? ', ' + usage.inputTokens + ' + ' + usage.outputTokens + ' tokens' : '';
  const end = [outcome, asked.length > 0 ? 'asks for ' + asked.join(', ') : '', seconds(tookMs) + tokens].filter(Boolean).join(' · ');
  const box = make('div', '', make('div', 'say', say), ...calls.map(drawCall), make('div', 'text', text), make('small', 'none', end));
  if (drawn) {
    const more = make('details', 'call', make('summary', '', 'what was drawn beside it'));
    more.append(make('pre', '', drawn.slice(0, 20000)));
    box.append(more);
  }
  return box;
}

const fieldsOf = (c) => [c.tenant, c.state, 'v' + c.version, c.gpus + ' GPUs', 'on ' + c.nodes, 'from ' + c.from, 'to ' + c.until, c.price];
/** One contract in a line; what is not as on the other side stands out. */
function contractLine(mark, name, { contract, own, other }) {
  const others = other ? fieldsOf(other) : undefined;
  const fields = fieldsOf(own).flatMap((field, at) => [' · ', make('span', others && others[at] !== field ? 'moved' : '', field)]);
  return make('div', name, mark + ' ' + contract, ...fields);
}
function drawDiff(run) {
  const box = make('div', 'diff');
  for (const { contract, before, after } of run.changes) {
    if (before) box.append(contractLine('−', 'minus', { contract, own: before, other: after }));
    if (after) box.append(contractLine('+', 'plus', { contract, own: after, other: before }));
  }
  for (const line of run.appended) box.append(make('div', '', '  entry ' + line));
  return run.appended.length > 0 ? box : make('p', 'none', 'Nothing new in the ledger.');
}
/** Each plan that came up, the earlier one as what it was before. */
function drawPlans(run) {
  const plans = run.turns.flatMap((turn) => turn.calls).flatMap(({ plan }) => (plan ? [plan] : []));
  const distinct = [...new Set(plans)];
  const box = make('div', 'diff');
  distinct.forEach((plan, at) => box.append(make('div', at === distinct.length - 1 ? 'plus' : 'minus', (at === distinct.length - 1 ? '+ ' : '− ') + plan)));
  return distinct.length > 0 ? box : undefined;
}

function fillRun(box, run) {
  const task = taskOf.get(run.task);
  const inside = make('div', 'inside');
  if (task) inside.append(make('p', 'none', task.actor + ' in ' + task.world + (task.tags.length > 0 ? ' · ' + task.tags.join(', ') : '')));
  inside.append(make('div', 'parts', ...Object.entries(run.parts).map(([name, holds]) => make('span', 'tag ' + (holds ? 'passed' : 'failed'), (holds ? '✓ ' : '✗ ') + name))));
  for (const breach of run.breaches) inside.append(make('p', 'breach', 'Broken: ' + breach));
  inside.append(make('h3', '', 'Talk'), make('div', 'talk', ...run.turns.map(drawTurn)));
  const plans = drawPlans(run);
  if (plans) inside.append(make('h3', '', 'Plans, before and after'), plans);
  inside.append(make('h3', '', 'Ledger, before and after'), drawDiff(run));
  box.append(inside);
}
function drawRun(run) {
  const word = run.stale ? 'stale' : run.passed ? 'passed' : 'failed';
  const nth = (run.paraphrase > 0 ? ' · wording ' + (run.paraphrase + 1) : '') + (report.k > 1 ? ' · time ' + (run.attempt + 1) : '');
  const head = make('summary', '', make('span', 'tag ' + word, word), make('span', 'id', run.task), make('span', 'none', nth),
    make('span', 'tag', taskOf.get(run.task)?.area ?? ''), make('span', 'tag wide', taskOf.get(run.task)?.difficulty ?? ''), make('span', 'time', seconds(run.tookMs)));
  const faults = [...run.breaches, ...run.faults];
  if (!run.passed && faults.length > 0) head.append(make('span', 'why', faults.join('; ')));
  const box = make('details', 'run', head);
  box.addEventListener('toggle', () => { if (box.open && box.children.length === 1) fillRun(box, run); });
  return box;
}

let most = shownAtOnce;
function drawRuns() {
  const [area, verdict, difficulty] = ['area', 'of-verdict', 'difficulty'].map((id) => byId(id).value);
  const text = byId('text').value.toLowerCase();
  const found = report.runs.filter((run) => {
    const task = taskOf.get(run.task);
    const word = run.breaches.length > 0 ? 'broken' : run.stale ? 'stale' : run.passed ? 'passed' : 'failed';
    return (area === '' || task?.area === area) && (difficulty === '' || task?.difficulty === difficulty) &&
      (verdict === '' || verdict === word || (verdict === 'failed' && word === 'broken')) &&
      (text === '' || [run.task, ...(task?.tags ?? []), ...run.faults, ...run.turns.map((turn) => turn.say)].join(' ').toLowerCase().includes(text));
  });
  const rows = found.slice(0, most).map(drawRun);
  if (found.length > most) {
    const more = make('button', '', 'show the other ' + (found.length - most));
    more.addEventListener('click', () => { most = found.length; drawRuns(); });
    rows.push(more);
  }
  byId('runs').replaceChildren(...rows);
  byId('count').textContent = found.length + (found.length === 1 ? ' run' : ' runs');
}
function drawFilters() {
  for (const area of [...new Set(report.tasks.map((task) => task.area))].sort()) {
    const option = make('option', '', area);
    option.value = area;
    byId('area').append(option);
  }
  for (const id of ['area', 'of-verdict', 'difficulty', 'text']) byId(id).addEventListener('input', () => { most = shownAtOnce; drawRuns(); });
  if (report.runs.some((run) => !run.passed && !run.stale)) byId('of-verdict').value = 'failed';
}

drawHead(); drawTiles(); drawAreas(); drawCharts(); drawFilters(); drawRuns();
`;

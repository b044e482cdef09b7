import { pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import type { Report } from './report.ts';

/**
 * The report as one file that works from the disk: figures, charts, filters, every run turn by turn with its calls, the
 * plans that came up and what it left in the ledger. What agents said stands in it as data, and is shown as text only.
 */
export function html(report: Report): string {
  const data = JSON.stringify(report).replaceAll('<', String.raw`\u003c`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>Berth evals</title>
<style>${pageStyle}</style>
</head>
<body>
<div class="wrap">
<header><h1>Berth evals: <span id="agent"></span></h1><p id="lead"></p><p class="verdict" id="verdict"></p></header>
<div class="tiles" id="tiles"></div>
<section class="card" aria-labelledby="areas-title"><h2 id="areas-title">By area</h2><div class="scroll"><table id="areas"></table></div></section>
<div class="pair">
<section class="card" aria-labelledby="difficulty-title"><h2 id="difficulty-title">Runs by difficulty, passed + failed</h2><div id="by-difficulty"></div></section>
<section class="card" aria-labelledby="calls-title"><h2 id="calls-title">Runs by tool calls, passed + failed</h2><div id="by-calls"></div></section>
</div>
<section class="card" aria-labelledby="runs-title"><h2 id="runs-title">Runs</h2>
<p class="filters">
<label>verdict <select id="of-verdict"><option value="">all</option><option>failed</option><option>passed</option><option>broken</option><option>stale</option></select></label>
<label>area <select id="area"><option value="">all</option></select></label>
<label>difficulty <select id="difficulty"><option value="">all</option><option>easy</option><option>medium</option><option>hard</option></select></label>
<label>task, words or tag <input id="text" type="search"></label>
<output id="count"></output>
</p>
<div id="runs"></div></section>
<footer>State × never × say × asks × calls, and invariants on every run; intervals are 95 % (Wilson; bootstrap over tasks for pass^k). No model judged anything.</footer>
</div>
<script type="application/json" id="report">${data}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

import { pageScript, pageStyle } from './page.ts';
import type { Report } from './report.ts';

/**
 * The report as one file that works from the disk: figures, filters, every run turn by turn with its calls and with
 * what it left in the ledger. What agents said stands in it as data, and is shown as text only.
 */
export function html(report: Report): string {
  const data = JSON.stringify(report).replaceAll('<', String.raw`\u003c`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Berth evals</title>
<style>${pageStyle}</style>
</head>
<body>
<header><h1>Berth evals</h1><p id="lead"></p></header>
<main>
<section aria-labelledby="areas-title"><h2 id="areas-title">Areas</h2><table id="areas"></table><ul id="figures"></ul></section>
<section aria-labelledby="runs-title"><h2 id="runs-title">Runs</h2>
<p class="filters">
<label>area <select id="area"></select></label>
<label>verdict <select id="verdict"><option value="">all</option><option>failed</option><option>passed</option></select></label>
<label>text <input id="text" type="search"></label>
<output id="count"></output>
</p>
<div id="runs"></div></section>
</main>
<script type="application/json" id="report">${data}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

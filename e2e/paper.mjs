// Reads paper as a person would: a PDF by poppler’s pdftotext, and the rows of a statement as CSV.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Minor units of a figure of two decimals such as `+¥1,008.50` or `−¥8.50`. */
export function minor(figure) {
  const digits = Number(figure.replaceAll(/[^\d]/g, ''));
  return /^[-\u2212]/.test(figure.trim()) ? -digits : digits;
}

/** The minute on the town's clock, UTC+8, as it stands on paper. */
function onPaper(time) {
  return new Date(Date.parse(time) + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
}

/** Time and amount of every row of a statement as CSV; the texts in quotation marks hold commas of their own. */
export function rowsOfCsv(text) {
  return text.trim().split('\r\n').slice(1).map((row) => ({
    time: onPaper(row.split(',')[0]),
    amount: minor(row.split(',').at(-1)),
  }));
}

/** What a reader sees in a PDF, laid out as on the page. */
export function textOfPdf(bytes) {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'paper-')), 'paper.pdf');
  fs.writeFileSync(file, bytes);
  return execFileSync('pdftotext', ['-layout', '-enc', 'UTF-8', file, '-'], { encoding: 'utf8' });
}

/** Time, amount and balance of every line of a statement as PDF. */
export function linesOfPdf(bytes) {
  const line = /^\s*(\d{4}-\d{2}-\d{2} \d{2}:\d{2})\s.*\s([+\u2212]?¥[\d,.]+)\s+([\u2212]?¥[\d,.]+)\s*$/gmu;
  return [...textOfPdf(bytes).matchAll(line)].map(([, time, amount, balance]) => ({
    time, amount: minor(amount), balance: minor(balance),
  }));
}

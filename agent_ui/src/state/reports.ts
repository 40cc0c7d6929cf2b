/** Which report is shown, of which days and queue, as it stands in the page's address; and how figures are written. Pure. */

import type { ReportColumn, ReportTable, Unit } from "../protocol";
import { daysBefore, rangeOf } from "./days";

export interface ReportChoice {
  report: string;
  /** Days where the centre is, as date fields hold them. */
  from: string;
  to: string;
  /** A queue's id; empty for all. */
  queue: string;
}

/** What an address asks for; what it does not say is the first report there is, of today. */
export function choiceOf(search: string, first: string, today: string): ReportChoice {
  const params = new URLSearchParams(search);
  return {
    report: params.get("report") ?? first,
    from: params.get("from") ?? today,
    to: params.get("to") ?? today,
    queue: params.get("queue") ?? "",
  };
}

export function addressOf(choice: ReportChoice): string {
  const params = new URLSearchParams(Object.entries(choice).filter(([, value]) => value !== ""));
  return `/reports?${params}`;
}

/** What the server is asked; null where the days are no range. */
export function queryOf(choice: ReportChoice, zone: string): string | null {
  const range = rangeOf(choice.from, choice.to, zone);
  if (range === null) return null;
  const params = new URLSearchParams({ ...range });
  if (choice.queue !== "") params.set("queue", choice.queue);
  return params.toString();
}

export interface Period {
  name: string;
  from: string;
  to: string;
}

/** Days that people ask for often. */
export function periodsOf(today: string): Period[] {
  const yesterday = daysBefore(today, 1);
  return [
    { name: "Today", from: today, to: today },
    { name: "Yesterday", from: yesterday, to: yesterday },
    { name: "Last 7 days", from: daysBefore(today, 6), to: today },
    { name: "Last 30 days", from: daysBefore(today, 29), to: today },
  ];
}

export interface FigureRow {
  id: string;
  /** What it is about, and that for people. */
  groups: readonly string[];
  names: readonly string[];
  figures: readonly (number | null)[];
}

export function rowsOf(table: ReportTable): FigureRow[] {
  return table.lines.map((line) => ({ id: line.groups.join(" "), ...line }));
}

/** Of everything together; null where that is the only line. */
export function totalOf(table: ReportTable): FigureRow | null {
  if (table.by.length === 0 || table.lines.length === 0) return null;
  const blanks = Array.from({ length: table.by.length - 1 }, () => "");
  return { id: "total", groups: [], names: ["Total", ...blanks], figures: table.total.figures };
}

/** A queue is found by its name; time passes as it does, also where an hour comes twice. */
export function orderOf(row: FigureRow, by: string, index: number): string | number | null {
  if (by === "queue") return row.names[index] ?? null;
  const at = Date.parse(row.groups[index] ?? "");
  return Number.isNaN(at) ? null : at;
}

const UNITS: Record<Unit, string> = { count: "", percent: " (%)", seconds: " (s)" };

export function headingOf(column: ReportColumn): string {
  return `${column.name}${UNITS[column.unit]}`;
}

const WHOLE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const EXACT = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** A dash where there was nothing to be counted. */
export function figureText(figure: number | null, unit: Unit): string {
  if (figure === null) return "–";
  return (unit === "count" ? WHOLE : EXACT).format(figure);
}

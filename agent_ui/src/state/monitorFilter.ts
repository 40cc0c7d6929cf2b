/** Which rows of the monitor are shown, as it stands in the page's address. Hides, and never counts anew. Pure. */

import type { AgentRow, CallRow, QueueRow, WaitingRow } from "../protocol";

/** What people put between the digits of a number. */
const BETWEEN = /[\s()./-]/g;
const NUMBER = /^\+?\d+$/;
/** Beginnings of a number as it is dialled in the country, and from it. */
const DIALLED = /^(\+|0{1,2})/;
/** What is put on letters, once they are taken apart from it. */
const MARKS = /\p{Mark}/gu;

export interface MonitorFilter {
  /** Ids; none is all. */
  queues: readonly string[];
  /** As it was typed; nothing is everything. */
  text: string;
}

/** What is known beside the rows. */
export interface Known {
  agentName: (id: string) => string;
  /** The queues an agent works for, or null where that is not known: then nobody is hidden for them. */
  queuesOf: (agent: string) => readonly string[] | null;
}

export interface Rows {
  queues: readonly QueueRow[];
  agents: readonly AgentRow[];
  waiting: readonly WaitingRow[];
  calls: readonly CallRow[];
}

/** What an address asks for. */
export function filterOf(search: string): MonitorFilter {
  const params = new URLSearchParams(search);
  return { queues: [...new Set(params.getAll("queue"))], text: params.get("text") ?? "" };
}

/** Where the monitor stands like this. */
export function addressOf({ queues, text }: MonitorFilter): string {
  const params = new URLSearchParams(queues.map((queue) => ["queue", queue]));
  if (text !== "") params.set("text", text);
  return params.size === 0 ? "/monitor" : `/monitor?${params}`;
}

export function hidesNothing({ queues, text }: MonitorFilter): boolean {
  return queues.length === 0 && text.trim() === "";
}

/** With a queue more, or without it. */
export function toggled(filter: MonitorFilter, queue: string): MonitorFilter {
  const without = filter.queues.filter((id) => id !== queue);
  const queues = without.length < filter.queues.length ? without : [...filter.queues, queue];
  return { ...filter, queues };
}

/**
 * The rows that fit. Queues are chosen by themselves only: their figures are those of all their calls.
 *
 * An agent fits a queue that she works for, or whose call she has.
 */
export function shownRows(rows: Rows, filter: MonitorFilter, known: Known): Rows {
  if (hidesNothing(filter)) return rows;
  const chosen = new Set(filter.queues);
  const among = (queue: string) => chosen.size === 0 || chosen.has(queue);
  const fits = matcher(filter.text);
  return {
    queues: rows.queues.filter((row) => among(row.id)),
    agents: rows.agents.filter(
      (row) =>
        (among(row.queue) || (known.queuesOf(row.id)?.some(among) ?? true)) && fits(row.name, row.caller),
    ),
    waiting: rows.waiting.filter(
      (row) => among(row.queue) && fits(row.caller, known.agentName(row.offered_to)),
    ),
    calls: rows.calls.filter((row) => among(row.queue) && fits(row.caller, known.agentName(row.agent))),
  };
}

/** How many there are; of how many, where some are hidden. */
export function countText(shown: number, all: number): string {
  return shown === all ? String(all) : `${shown} of ${all}`;
}

/** What fits a text: each of its words is somewhere, or it is a number that is in one, however either is written. */
function matcher(text: string): (...values: readonly string[]) => boolean {
  const words = plain(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return () => true;
  const number = digitsOf(text);
  return (...values) => {
    const said = plain(values.join("\n"));
    if (words.every((word) => said.includes(word))) return true;
    return number !== "" && values.some((value) => value.replace(BETWEEN, "").includes(number));
  };
}

/** The digits to look for; empty for what is no number. */
function digitsOf(text: string): string {
  const number = text.replace(BETWEEN, "");
  return NUMBER.test(number) ? number.replace(DIALLED, "") : "";
}

function plain(text: string): string {
  return text.normalize("NFD").replace(MARKS, "").toLowerCase();
}

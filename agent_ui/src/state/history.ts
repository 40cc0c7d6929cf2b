/** Which contacts of the past are shown, as it stands in the page's address. Pure. */

import type { ContactsQuery } from "../protocol";
import { rangeOf } from "./days";

/** How many are shown at once. */
export const PAGE_SIZE = 50;

/** What may be known of contacts that are looked for, by its names in the API and in the address. */
export const FILTERS = [
  "number",
  "customer",
  "queue",
  "agent",
  "channel",
  "outcome",
  "disposition",
  "note",
] as const satisfies readonly (keyof ContactsQuery)[];

export type FilterName = (typeof FILTERS)[number];

export interface HistoryFilter extends Record<FilterName, string> {
  /** Days, as date fields hold them. */
  from: string;
  to: string;
  offset: number;
}

/** What an address asks for; what it does not say is as it may be, from today's newest on. */
export function filterOf(search: string, today: string): HistoryFilter {
  const params = new URLSearchParams(search);
  const offset = Number(params.get("offset"));
  return {
    ...knownOf((name) => params.get(name) ?? ""),
    from: params.get("from") ?? today,
    to: params.get("to") ?? today,
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
  };
}

/** Where the list stands like this, beside a contact or alone. */
export function addressOf(filter: HistoryFilter, contact: string | null = null): string {
  const { from, to, offset } = filter;
  const params = new URLSearchParams({ from, to, ...given(filter) });
  if (offset > 0) params.set("offset", String(offset));
  return `/history${contact === null ? "" : `/${encodeURIComponent(contact)}`}?${params}`;
}

/** What the server is asked; null where the days are no range. */
export function questionOf(filter: HistoryFilter): string | null {
  const range = rangeOf(filter.from, filter.to);
  if (range === null) return null;
  const page = { limit: String(PAGE_SIZE), offset: String(filter.offset) };
  return new URLSearchParams({ ...range, ...page, ...given(filter) }).toString();
}

/** The same days from the newest on, whoever called. */
export function withoutFilters(filter: HistoryFilter): HistoryFilter {
  return { ...filter, ...knownOf(() => ""), offset: 0 };
}

/** Whether anything but the days narrows the list. */
export function isNarrowed(filter: HistoryFilter): boolean {
  return Object.keys(given(filter)).length > 0;
}

/** Which filter a name of the API means; null where it means none. */
export function filterNamed(part: string): FilterName | null {
  return FILTERS.find((name) => name === part) ?? null;
}

function given(filter: HistoryFilter): Record<string, string> {
  const known = FILTERS.map((name) => [name, filter[name].trim()] as const);
  return Object.fromEntries(known.filter(([, value]) => value !== ""));
}

function knownOf(value: (name: FilterName) => string): Record<FilterName, string> {
  return Object.fromEntries(FILTERS.map((name) => [name, value(name).trim()])) as Record<FilterName, string>;
}

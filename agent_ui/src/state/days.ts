/** Days of the person's own calendar, as the history's date fields hold them (`2026-11-23`). */

export interface TimeRange {
  /** ISO moments, [since, until). */
  since: string;
  until: string;
}

export function localDay(date: Date): string {
  const month = String(date.getMonth() + 1).padStart(2, "0");
  return `${date.getFullYear()}-${month}-${String(date.getDate()).padStart(2, "0")}`;
}

/** The day so many days before another one; the day itself where it is none. */
export function daysBefore(day: string, days: number): string {
  const start = startOf(day, -days);
  return start === null ? day : localDay(start);
}

/** From the beginning of the first day to the end of the last; null when that is no range. */
export function rangeOf(first: string, last: string): TimeRange | null {
  const since = startOf(first, 0);
  const until = startOf(last, 1);
  if (since === null || until === null || since >= until) return null;
  return { since: since.toISOString(), until: until.toISOString() };
}

/** Local midnight; the calendar does the adding, for days of 23 and 25 hours. */
function startOf(day: string, plus: number): Date | null {
  const [year, month, date] = day.split("-").map(Number);
  if (year === undefined || month === undefined || date === undefined) return null;
  const start = new Date(year, month - 1, date + plus);
  return Number.isNaN(start.getTime()) ? null : start;
}

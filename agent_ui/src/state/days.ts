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

/** The day it is in a time zone (`Europe/Berlin`). */
export function dayIn(zone: string, now: number): string {
  return new Date(now + offsetIn(zone, now)).toISOString().slice(0, 10);
}

/**
 * From the beginning of the first day to the end of the last, in a time zone, the browser's own without one; null when
 * that is no range.
 */
export function rangeOf(first: string, last: string, zone?: string): TimeRange | null {
  const since = startOf(first, 0, zone);
  const until = startOf(last, 1, zone);
  if (since === null || until === null || since >= until) return null;
  return { since: since.toISOString(), until: until.toISOString() };
}

/** Midnight; the calendar does the adding, for days of 23 and 25 hours. */
function startOf(day: string, plus: number, zone?: string): Date | null {
  const [year, month, date] = day.split("-").map(Number);
  if (year === undefined || month === undefined || date === undefined) return null;
  const start =
    zone === undefined
      ? new Date(year, month - 1, date + plus)
      : midnightIn(zone, Date.UTC(year, month - 1, date + plus));
  return Number.isNaN(start.getTime()) ? null : start;
}

/** When a day begins in a zone; `utc` is when it does where the clock is never changed. */
function midnightIn(zone: string, utc: number): Date {
  if (Number.isNaN(utc)) return new Date(utc);
  const near = utc - offsetIn(zone, utc);
  return new Date(utc - offsetIn(zone, near));
}

/** By how much the clocks of a zone are ahead of UTC at a moment, milliseconds. */
function offsetIn(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local - Math.floor(at / 1000) * 1000;
}

/** Ages and countdowns as people read them. Server times are ISO strings, local times milliseconds. */

/** Seconds since `since`, on the server's clock; never negative. */
export function ageSeconds(since: string | null, serverNow: number): number {
  return since === null ? 0 : Math.max(0, (serverNow - Date.parse(since)) / 1000);
}

/** Whole seconds left until `until`, rounded up so that 0 means over. */
export function secondsLeft(until: string | null, serverNow: number): number {
  return until === null ? 0 : Math.max(0, Math.ceil((Date.parse(until) - serverNow) / 1000));
}

/** `0:07`, `12:45`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** For running text: `7 s`, `3 min`, `2 h 5 min`. */
export function spoken(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  const minutes = Math.floor(whole / 60) % 60;
  return minutes === 0 ? `${Math.floor(whole / 3600)} h` : `${Math.floor(whole / 3600)} h ${minutes} min`;
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY_TIME = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

/** A moment: the time alone if it was today, else with its day. */
export function moment(iso: string, now: number): string {
  const at = new Date(iso);
  return at.toDateString() === new Date(now).toDateString() ? TIME.format(at) : DAY_TIME.format(at);
}

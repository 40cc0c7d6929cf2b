import { ageSeconds, clock, secondsLeft, spoken } from "../state/durations";
import { useNow } from "./useNow";

interface SinceProps {
  /** The server's time. */
  since: string;
  /** Server's clock minus ours, milliseconds. */
  offset: number;
  testid?: string;
}

/** A running timer, `0:07`. Not a live region: a timer that is read out each second helps nobody. */
export function Since({ since, offset, testid }: SinceProps) {
  const seconds = ageSeconds(since, useNow() + offset);
  return (
    <span className="figure" data-testid={testid}>
      {clock(seconds)}
    </span>
  );
}

/** How long ago something was, in running text: `3 h 5 min ago`. */
export function Ago({ since, offset }: Omit<SinceProps, "testid">) {
  return `${spoken(ageSeconds(since, useNow() + offset))} ago`;
}

interface UntilProps {
  /** When the time limit began: it is never more than whole, however late the clock ticks. */
  since: string;
  until: string;
  offset: number;
  testid?: string;
}

/** Seconds left. */
export function Until({ since, until, offset, testid }: UntilProps) {
  const seconds = secondsLeft(until, Math.max(Date.parse(since), useNow() + offset));
  return (
    <span className="figure" data-testid={testid}>
      {seconds < 100 ? `${seconds} s` : clock(seconds)}
    </span>
  );
}

interface LimitProps {
  /** When the time allowed is over; the server's time. */
  at: string;
  offset: number;
}

/** What is left of a time that may be passed, or by how much it has been. */
export function Limit({ at, offset }: LimitProps) {
  const left = secondsLeft(at, useNow() + offset);
  if (left === 0) return <Late since={at} offset={offset} />;
  return (
    <span>
      Back in <span className="figure">{clock(left)}</span>
    </span>
  );
}

interface LateProps {
  since: string;
  offset: number;
}

/** By how much a time allowed has been passed; nothing before that. */
export function Late({ since, offset }: LateProps) {
  const now = useNow() + offset;
  if (now < Date.parse(since)) return null;
  return (
    <span className="late" data-testid="late">
      late by <span className="figure">{clock(ageSeconds(since, now))}</span>
    </span>
  );
}

interface CountdownBarProps {
  since: string;
  until: string;
  offset: number;
}

/** How much of a time limit is left, as a bar. The number beside it says the same in words. */
export function CountdownBar({ since, until, offset }: CountdownBarProps) {
  const now = useNow() + offset;
  const whole = Math.max(1, Date.parse(until) - Date.parse(since));
  const left = Math.min(1, Math.max(0, (Date.parse(until) - now) / whole));
  return (
    <div className="countdown" aria-hidden="true">
      <div className="countdown-left" style={{ transform: `scaleX(${left})` }} />
    </div>
  );
}

interface AsOfProps {
  /** Local milliseconds. */
  heardAt: number | null;
  stale: boolean;
}

/** How old what is shown is. */
export function AsOf({ heardAt, stale }: AsOfProps) {
  const now = useNow();
  if (heardAt === null) return <span className="as-of">no data yet</span>;
  const seconds = Math.max(0, (now - heardAt) / 1000);
  return (
    <span className="as-of" data-testid="as-of" data-stale={stale}>
      {stale ? "stale, " : ""}
      {spoken(seconds)} old
    </span>
  );
}

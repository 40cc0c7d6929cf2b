/** Where a player is, and how the outline of a sound is drawn. Pure: knows no page. */

import type { Outline } from "../protocol";
import { clock } from "./durations";

/** Seconds a key moves by. */
export const STEP = 5;
export const LEAP = 30;
export const SPEEDS = [1, 1.25, 1.5, 2] as const;

/** A stretch that was not recorded. */
export interface Gap {
  begins: number;
  ends: number;
  why: string;
}

/** Where a key on the outline leads, or null for keys that mean nothing there. */
export function soughtBy(key: string, at: number, seconds: number): number | null {
  const moves: Record<string, number> = {
    ArrowLeft: at - STEP,
    ArrowDown: at - STEP,
    ArrowRight: at + STEP,
    ArrowUp: at + STEP,
    PageDown: at - LEAP,
    PageUp: at + LEAP,
    Home: 0,
    End: seconds,
  };
  const sought = moves[key];
  return sought === undefined ? null : Math.min(Math.max(0, sought), seconds);
}

/** For those who do not see the outline: `0:12 of 3:40, not recorded: on hold`. */
export function positionText(at: number, seconds: number, gaps: readonly Gap[]): string {
  const gap = gaps.find((one) => one.begins <= at && at < one.ends);
  const where = `${clock(at)} of ${clock(seconds)}`;
  return gap === undefined ? where : `${where}, not recorded: ${gap.why}`;
}

/** The outline of one channel as an SVG path, as wide as it has values and from -100 to 100 high. */
export function outlinePath(values: readonly number[]): string {
  return values
    .map((value, index) => `M${index + 0.5} ${-Math.max(1, value)}V${Math.max(1, value)}`)
    .join("");
}

export function widthOf(outline: Outline): number {
  return Math.max(1, ...outline.channels.map((values) => values.length));
}

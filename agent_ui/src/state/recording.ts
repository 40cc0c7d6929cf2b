/** How far a recording is, in words. Pure. */

import type { Gap, RecordingLine, RecordingView } from "../protocol";
import type { Gap as DrawnGap } from "./player";

const PAUSED: Record<string, string> = {
  hold: "on hold",
  asked: "paused by hand",
  sensitive: "a sensitive question",
};

const IMPOSSIBLE: Record<string, string> = {
  pbx: "the telephone system does not record",
  "disk-full": "the disk is full",
  announcement: "it could not be announced",
  stalled: "the telephone system writes nothing",
};

/** What an agent reads beside the conversation; empty where there is nothing to tell. */
export function recordingText(recording: RecordingView): string {
  switch (recording.state) {
    case "on":
      return "Recording";
    case "paused":
      return `Not recording: ${PAUSED[recording.reason] ?? recording.reason}`;
    case "announcing":
      return "The recording is being announced";
    case "beginning":
      return "The recording begins";
    case "impossible":
      return `Cannot record: ${IMPOSSIBLE[recording.reason] ?? recording.reason}`;
    default:
      return "";
  }
}

/** What the key or button about pausing asks for now, or null where nothing can be paused. */
export function pauseWanted(recording: RecordingView | null): boolean | null {
  return recording?.may_pause === true ? !recording.paused_by_hand : null;
}

/** What the key or button about recording asks for now, or null where it is not the agent's to decide. */
export function recordWanted(recording: RecordingView | null): boolean | null {
  if (recording?.may_start === true) return true;
  return recording?.may_stop === true ? false : null;
}

const LOST: Record<string, string> = {
  missing: "The telephone system does not have it.",
  empty: "Nothing was recorded.",
};

/** Why there is nothing to play, or null where there is. */
export function unplayableText(line: RecordingLine): string | null {
  switch (line.state) {
    case "recording":
      return "It is being recorded.";
    case "collecting":
      return "It is being stored. Reload in a moment.";
    case "lost":
      return `It could not be kept. ${LOST[line.reason] ?? line.reason}`.trim();
    case "deleted":
      if (line.deleted_by === "") return "It was deleted: its time to be kept is over.";
      return `It was deleted by ${line.deleted_by}.${line.reason === "" ? "" : ` ${line.reason}`}`;
    default:
      return line.may_listen ? null : "Recordings of this queue are for supervisors only.";
  }
}

/** The gaps as the player draws them; one that was cut off lasts to the end. */
export function drawnGaps(line: RecordingLine): DrawnGap[] {
  return line.gaps.map((gap: Gap) => ({
    begins: gap.begins,
    ends: gap.ends ?? line.seconds,
    why: PAUSED[gap.reason] ?? gap.reason,
  }));
}

/** Bytes as people read them. */
export function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

import { expect, test } from "vitest";
import type { RecordingLine, RecordingView } from "../src/protocol";
import {
  drawnGaps,
  pauseWanted,
  recordingText,
  recordWanted,
  sizeText,
  unplayableText,
} from "../src/state/recording";

const VIEW: RecordingView = {
  state: "on",
  reason: "",
  may_start: false,
  may_stop: false,
  may_pause: true,
  paused_by_hand: false,
};

const LINE: RecordingLine = {
  id: "r",
  contact: "c",
  part: 1,
  queue: "gas",
  agent: "anna",
  others: [],
  asked_by: "",
  state: "kept",
  reason: "",
  began_at: "2026-03-01T10:00:00Z",
  ended_at: "2026-03-01T10:05:00Z",
  seconds: 300,
  gaps: [
    { begins: 10, ends: 20, reason: "sensitive" },
    { begins: 290, ends: null, reason: "hold" },
  ],
  size: 9_600_044,
  sha256: "",
  held: false,
  held_by: "",
  held_for: "",
  expires_at: null,
  deleted_at: null,
  deleted_by: "",
  may_listen: true,
  may_manage: false,
};

test.each([
  [{}, "Recording"],
  [{ state: "paused", reason: "sensitive" }, "Not recording: a sensitive question"],
  [{ state: "impossible", reason: "disk-full" }, "Cannot record: the disk is full"],
  [{ state: "off" }, ""],
])("the agent is told how far the recording is: %j", (fields, text) => {
  expect(recordingText({ ...VIEW, ...fields })).toBe(text);
});

test("keys ask for what is possible, and for nothing else", () => {
  expect(pauseWanted(null)).toBeNull();
  expect(pauseWanted(VIEW)).toBe(true);
  expect(pauseWanted({ ...VIEW, paused_by_hand: true })).toBe(false);
  expect(recordWanted(VIEW)).toBeNull();
  expect(recordWanted({ ...VIEW, may_start: true })).toBe(true);
  expect(recordWanted({ ...VIEW, may_stop: true })).toBe(false);
});

test.each([
  [{}, null],
  [{ may_listen: false }, "Recordings of this queue are for supervisors only."],
  [{ state: "recording" as const }, "It is being recorded."],
  [{ state: "deleted" as const }, "It was deleted: its time to be kept is over."],
  [
    { state: "deleted" as const, deleted_by: "olga", reason: "asked for" },
    "It was deleted by olga. asked for",
  ],
  [
    { state: "lost" as const, reason: "missing" },
    "It could not be kept. The telephone system does not have it.",
  ],
])("what cannot be played tells why: %j", (fields, text) => {
  expect(unplayableText({ ...LINE, ...fields })).toBe(text);
});

test("a gap that was cut off lasts to the end", () => {
  expect(drawnGaps(LINE)).toEqual([
    { begins: 10, ends: 20, why: "a sensitive question" },
    { begins: 290, ends: 300, why: "on hold" },
  ]);
});

test("sizes are written as people read them", () => {
  expect(sizeText(999)).toBe("1 kB");
  expect(sizeText(LINE.size)).toBe("9.6 MB");
});

import { expect, test } from "vitest";
import { levelOf } from "../src/phone/level";
import {
  initialPhone,
  microphoneProblem,
  microphoneText,
  type PhoneEvent,
  type PhoneState,
  picksUp,
  reducePhone,
  registerAgainMs,
} from "../src/phone/phoneState";

function after(...events: PhoneEvent[]): PhoneState {
  return events.reduce(reducePhone, initialPhone);
}

const RINGING: PhoneEvent = { kind: "call", call: "ringing" };
const ACCEPTED: PhoneEvent = { kind: "accepted", contact: "c1" };

test("a ringing phone waits for the agent", () => {
  expect(picksUp(after(RINGING), false, false)).toBe(false);
});

test("accepting before or while it rings picks up", () => {
  expect(picksUp(after(ACCEPTED, RINGING), false, false)).toBe(true);
  expect(picksUp(after(RINGING, ACCEPTED), false, false)).toBe(true);
});

test("a leg of a conversation that goes on is picked up by itself", () => {
  expect(picksUp(after(RINGING), true, false)).toBe(true);
  expect(picksUp(after(RINGING), false, true)).toBe(true);
});

test("one click answers one call", () => {
  const next = after(
    ACCEPTED,
    RINGING,
    { kind: "call", call: "up" },
    { kind: "call", call: "none" },
    RINGING,
  );
  expect(picksUp(next, false, false)).toBe(false);
});

test("a call that ends is not muted any more", () => {
  expect(after({ kind: "muted", on: true }, { kind: "call", call: "none" }).muted).toBe(false);
});

test("every microphone problem is explained", () => {
  for (const name of ["NotAllowedError", "NotFoundError", "NotReadableError", ""]) {
    expect(microphoneText(microphoneProblem(name))).not.toBe("");
  }
  expect(microphoneText("ready")).toBe("");
});

test("the level is 0 for silence, 100 for full scale, and grows between", () => {
  const quiet = levelOf(new Float32Array(64).fill(0.01));
  const loud = levelOf(new Float32Array(64).fill(0.5));
  expect(levelOf(new Float32Array(64))).toBe(0);
  expect(levelOf(new Float32Array(64).fill(1))).toBe(100);
  expect(quiet).toBeGreaterThan(0);
  expect(loud).toBeGreaterThan(quiet);
});

test("a refused phone signs in again, soon at first", () => {
  const waits = [1, 2, 3, 10, 100].map(registerAgainMs);
  expect(waits).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
});

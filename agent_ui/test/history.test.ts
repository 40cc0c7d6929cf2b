import { expect, test } from "vitest";
import { EMPTY_NAMES, outcomeText } from "../src/history/names";
import type { ContactLine } from "../src/protocol";

const LINE: ContactLine = {
  id: "1",
  channel: "phone",
  arrived_at: "2026-03-01T10:00:00Z",
  ended_at: "2026-03-01T10:05:00Z",
  entry_point: "line",
  caller_number: "+442079460004",
  customer: null,
  queue: "gas",
  agent: null,
  queue_outcome: "abandoned",
  waited_seconds: 30,
  talk_seconds: 0,
  cause: "caller-hung-up",
  disposition: "",
  note: "",
  answers: [],
};

test.each([
  ["in the dialog", { ended_at: null, queue: null, queue_outcome: "" }, "In progress"],
  ["in the queue", { ended_at: null, queue_outcome: "" }, "Waiting"],
  ["with an agent", { ended_at: null, queue_outcome: "answered" }, "In conversation"],
  ["gave up", {}, "Abandoned"],
  ["content with the machine", { queue: null, queue_outcome: "", cause: "completed" }, "Dialog completed"],
  ["wrapped up", { queue_outcome: "answered", disposition: "done" }, "done"],
])("the history tells what came of a caller %s", (_, fields, text) => {
  expect(outcomeText({ ...LINE, ...fields }, EMPTY_NAMES)).toBe(text);
});

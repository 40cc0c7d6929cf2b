import { expect, test } from "vitest";
import type { AgentRow, CallRow, WaitingRow } from "../src/protocol";
import {
  addressOf,
  countText,
  filterOf,
  hidesNothing,
  type Known,
  type MonitorFilter,
  type Rows,
  shownRows,
  toggled,
} from "../src/state/monitorFilter";
import { roomFor, type Waiting } from "../src/state/monitorRoom";
import { queueRow } from "./samples";

const SINCE = "2026-03-01T09:59:00Z";
const NAMES: Record<string, string> = { anna: "Anna Åkesson", ben: "Ben 12" };

function agent(id: string, queue = "", caller = ""): AgentRow {
  const idle = { reason: "", since: SINCE, handled: 0, late_at: null, offered: null };
  return { ...idle, id, name: NAMES[id] ?? id, presence: queue === "" ? "ready" : "talking", queue, caller };
}

function waiting(id: string, queue: string, caller: string, offered_to = ""): WaitingRow {
  return { id, queue, caller, since: SINCE, priority: 0, offered_to };
}

function call(id: string, queue: string, caller: string, of = ""): CallRow {
  return { id, queue, caller, agent: of, phase: "talking", since: SINCE, recording: "" };
}

const ROWS: Rows = {
  queues: [queueRow({ id: "gas" }), queueRow({ id: "water" })],
  agents: [agent("anna", "gas", "+4930555001"), agent("ben")],
  waiting: [waiting("w1", "gas", "+4930123456", "ben"), waiting("w2", "water", "+4940777")],
  calls: [call("c1", "gas", "+4930555001", "anna"), call("c2", "", "+4940777")],
};
const KNOWN: Known = {
  agentName: (id) => NAMES[id] ?? id,
  queuesOf: (id) => ({ anna: ["water"], ben: ["water"] })[id] ?? null,
};

function ids(filter: Partial<MonitorFilter>, known = KNOWN): Record<keyof Rows, string[]> {
  const rows = shownRows(ROWS, { queues: [], text: "", ...filter }, known);
  const of = (these: readonly { id: string }[]) => these.map((row) => row.id);
  return {
    queues: of(rows.queues),
    agents: of(rows.agents),
    waiting: of(rows.waiting),
    calls: of(rows.calls),
  };
}

test.each<[string, MonitorFilter]>([
  ["/monitor", { queues: [], text: "" }],
  ["/monitor?queue=gas&queue=water", { queues: ["gas", "water"], text: "" }],
  ["/monitor?queue=a%26b&text=%2B49+30", { queues: ["a&b"], text: "+49 30" }],
])("%s stands for its filter, and the other way round", (address, filter) => {
  expect(filterOf(address.slice("/monitor".length))).toEqual(filter);
  expect(addressOf(filter)).toBe(address);
});

test("a queue that an address names twice is chosen once", () => {
  expect(filterOf("?queue=gas&queue=gas&other=1").queues).toEqual(["gas"]);
});

test("without a filter all rows are the same ones", () => {
  expect(shownRows(ROWS, { queues: [], text: "  " }, KNOWN)).toBe(ROWS);
  expect(hidesNothing({ queues: [], text: " " })).toBe(true);
  expect(hidesNothing({ queues: ["gas"], text: "" })).toBe(false);
  expect(hidesNothing({ queues: [], text: "a" })).toBe(false);
});

test("queues choose cards, calls, and agents who work for them or have their calls", () => {
  expect(ids({ queues: ["gas"] })).toEqual({
    queues: ["gas"],
    agents: ["anna"],
    waiting: ["w1"],
    calls: ["c1"],
  });
  expect(ids({ queues: ["water"] })).toEqual({
    queues: ["water"],
    agents: ["anna", "ben"],
    waiting: ["w2"],
    calls: [],
  });
  expect(ids({ queues: ["gas", "water"] }).waiting).toEqual(["w1", "w2"]);
});

test("agents of whom it is not known what they work for are not hidden for a queue", () => {
  expect(ids({ queues: ["gas"] }, { ...KNOWN, queuesOf: () => null }).agents).toEqual(["anna", "ben"]);
});

test.each([
  ["a name, however it is written", "aKESSON anna", ["anna"], [], ["c1"]],
  ["who is offered a call", "ben", ["ben"], ["w1"], []],
  ["a number as it is dialled at home", "030 555-001", ["anna"], [], ["c1"]],
  ["a number as it is dialled from abroad", "0049 (30) 12", [], ["w1"], []],
  ["a part of a number", "777", [], ["w2"], ["c2"]],
  ["digits of a name", "12", ["ben"], ["w1"], []],
  ["nobody", "anna 777", [], [], []],
])("a text finds %s", (_, text, agents, callers, calls) => {
  expect(ids({ text })).toEqual({ queues: ["gas", "water"], agents, waiting: callers, calls });
});

test("text and queue have to fit both", () => {
  expect(ids({ queues: ["water"], text: "30" }).waiting).toEqual([]);
  expect(ids({ queues: ["gas"], text: "30" }).waiting).toEqual(["w1"]);
});

test("a queue is chosen, and chosen no more", () => {
  const one = toggled({ queues: [], text: "x" }, "gas");
  expect(one).toEqual({ queues: ["gas"], text: "x" });
  expect(toggled(toggled(one, "water"), "gas")).toEqual({ queues: ["water"], text: "x" });
});

test("what is hidden is counted", () => {
  expect(countText(60, 60)).toBe("60");
  expect(countText(12, 60)).toBe("12 of 60");
  expect(countText(0, 60)).toBe("0 of 60");
});

test("who waits gets more room when many do, and does not take it back and forth with each caller", () => {
  let room: Waiting = "few";
  const course = [0, 4, 5, 4, 3, 4, 60].map((waiting) => {
    room = roomFor(waiting, room);
    return room;
  });
  expect(course).toEqual(["few", "few", "many", "many", "few", "few", "many"]);
});

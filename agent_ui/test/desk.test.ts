import { expect, test } from "vitest";
import { type DeskEvent, type DeskState, initialDesk, isPending, reduceDesk } from "../src/state/desk";
import { desk } from "./samples";

const NOW = Date.parse("2026-03-01T10:00:05Z");

function after(...events: DeskEvent[]): DeskState {
  return events.reduce(reduceDesk, initialDesk);
}

const OPEN: DeskEvent = { kind: "link", link: { phase: "open", since: NOW } };
const LOST: DeskEvent = { kind: "link", link: { phase: "waiting", since: NOW } };

test("the clock offset comes from the server's now", () => {
  const state = after(OPEN, { kind: "view", view: desk(), at: NOW });
  expect(state.clockOffset).toBe(-5_000);
});

test("a view older than the one shown is passed over", () => {
  const newer = desk({ seq: 7, name: "new" });
  const state = after(
    OPEN,
    { kind: "view", view: newer, at: NOW },
    { kind: "view", view: desk({ seq: 6, name: "old" }), at: NOW + 1 },
  );
  expect(state.view).toBe(newer);
  expect(state.link.heardAt).toBe(NOW + 1);
});

test("after a reconnect the server may count from one again", () => {
  const again = desk({ seq: 1, name: "after restart" });
  const state = after(OPEN, { kind: "view", view: desk({ seq: 40 }), at: NOW }, LOST, OPEN, {
    kind: "view",
    view: again,
    at: NOW,
  });
  expect(state.view).toBe(again);
});

test("a command is pending until its reply, and changes nothing that is shown", () => {
  const view = desk();
  const sent = after(
    OPEN,
    { kind: "view", view, at: NOW },
    { kind: "sent", id: 1, type: "go-ready", at: NOW },
  );
  expect(isPending(sent, "go-ready")).toBe(true);
  expect(sent.view).toBe(view);
  const replied = reduceDesk(sent, { kind: "replied", id: 1, problem: null, at: NOW });
  expect(isPending(replied, "go-ready")).toBe(false);
  expect(replied.problems).toEqual([]);
});

test("a refused command becomes a problem that can be dismissed", () => {
  const problem = { code: "illegal-move", message: "Finish the contact first." };
  const state = after(
    OPEN,
    { kind: "sent", id: 1, type: "sign-out", at: NOW },
    { kind: "replied", id: 1, problem, at: NOW },
  );
  expect(state.problems).toMatchObject([{ ...problem, command: "sign-out" }]);
  const key = state.problems[0]?.key ?? -1;
  expect(reduceDesk(state, { kind: "dismissed", key }).problems).toEqual([]);
});

test("a refusal that is told where the command was given is not told again", () => {
  const problem = { code: "illegal-move", message: "This is no address." };
  const state = after(
    OPEN,
    { kind: "sent", id: 1, type: "share-dialog", at: NOW },
    { kind: "replied", id: 1, problem, at: NOW },
  );
  expect(state.problems).toEqual([]);
});

test("the same problem twice is shown once, and no more than three", () => {
  const refused = (id: number, message: string): DeskEvent[] => [
    { kind: "sent", id, type: "hold", at: NOW },
    { kind: "replied", id, problem: { code: "x", message }, at: NOW },
  ];
  const state = after(OPEN, ...["a", "a", "b", "c", "d"].flatMap((text, index) => refused(index, text)));
  expect(state.problems.map((problem) => problem.message)).toEqual(["b", "c", "d"]);
});

test("a connection lost with a command under way says that it was not confirmed", () => {
  const state = after(OPEN, { kind: "sent", id: 1, type: "accept", at: NOW }, LOST);
  expect(state.pending.size).toBe(0);
  expect(state.problems).toMatchObject([{ code: "not-confirmed", command: "accept" }]);
});

test("a note that was not confirmed is sent again by itself, so nobody is bothered", () => {
  expect(after(OPEN, { kind: "sent", id: 1, type: "note", at: NOW }, LOST).problems).toEqual([]);
});

test("a reply to a command of an earlier connection is passed over", () => {
  const state = after(OPEN);
  expect(
    reduceDesk(state, { kind: "replied", id: 9, problem: { code: "x", message: "y" }, at: NOW }).problems,
  ).toEqual([]);
});

import { expect, test } from "vitest";
import { addressOf, doerText, filterOf, PAGE_SIZE, questionOf } from "../src/state/accessLog";
import { answered, asked, failed, isOld } from "../src/state/answer";
import { daysBefore } from "../src/state/days";

const TODAY = "2026-03-30";

test("without anything in the address the last thirty days are shown", () => {
  const plain = filterOf("", TODAY);
  expect(plain).toEqual({ from: "2026-03-01", to: TODAY, by: "", contact: "", offset: 0 });
  expect(filterOf("?offset=-3&by=%20sam%20", TODAY)).toEqual({ ...plain, by: "sam" });
  expect(filterOf("?offset=x", TODAY).offset).toBe(0);
});

test("the address says what is shown, and nothing that goes without saying", () => {
  const filter = { from: "2026-01-02", to: "2026-01-03", by: "sam & co", contact: "c/1", offset: 50 };
  const address = addressOf(filter);
  expect(filterOf(address.slice(address.indexOf("?")), TODAY)).toEqual(filter);
  expect(addressOf({ by: "", offset: 0 })).toBe("/access-log");
});

test("one line more than is shown is asked for, to know whether there are more", () => {
  const asks = new URLSearchParams(questionOf({ ...filterOf("", TODAY), by: "sam" }) ?? "");
  expect([asks.get("limit"), asks.get("by"), asks.get("contact")]).toEqual([
    String(PAGE_SIZE + 1),
    "sam",
    null,
  ]);
  expect(questionOf({ ...filterOf("", TODAY), from: "2026-04-02" })).toBeNull();
  expect(questionOf({ ...filterOf("", TODAY), to: "" })).toBeNull();
});

test("days before a day are those of the calendar", () => {
  expect(daysBefore("2026-03-30", 2)).toBe("2026-03-28");
  expect(daysBefore("2026-01-01", 1)).toBe("2025-12-31");
  expect(daysBefore("soon", 1)).toBe("soon");
});

test("rules have no name", () => {
  expect([doerText("sam"), doerText("")]).toEqual(["sam", "the queue’s rules"]);
});

test("what is known stays when it cannot be read again, and is old then; of another question nothing is known", () => {
  const known = answered("a", [1], 5);
  expect([isOld(known), known.loading]).toEqual([false, false]);
  const tried = asked(known, "a");
  expect([tried.value, tried.loading]).toEqual([[1], true]);
  const old = failed(tried, "gone");
  expect([old.value, old.heardAt, old.problem, isOld(old)]).toEqual([[1], 5, "gone", true]);
  expect(asked(old, "b")).toEqual(asked(null, "b"));
  expect(isOld(failed(asked(null, "b"), "gone"))).toBe(false);
});

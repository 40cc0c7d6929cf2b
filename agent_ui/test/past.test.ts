import { expect, test } from "vitest";
import { addressOf, filterOf, questionOf } from "../src/state/history";

const TODAY = "2026-11-28";

test("an address without anything is today", () => {
  expect(filterOf("", TODAY)).toEqual({ from: TODAY, to: TODAY, offset: 0 });
  expect(filterOf("?offset=-50", TODAY).offset).toBe(0);
  expect(filterOf("?offset=many", TODAY).offset).toBe(0);
});

test("an address keeps the days, the place in the list, and the contact beside it", () => {
  const filter = { from: "2026-11-01", to: "2026-11-02", offset: 50 };
  const address = addressOf(filter, "a/b");
  expect(address).toBe("/history/a%2Fb?from=2026-11-01&to=2026-11-02&offset=50");
  expect(filterOf(address.slice(address.indexOf("?")), TODAY)).toEqual(filter);
  expect(addressOf({ ...filter, offset: 0 })).toBe("/history?from=2026-11-01&to=2026-11-02");
});

test("days that are no range are not asked for", () => {
  expect(questionOf({ from: "2026-11-02", to: "2026-11-01", offset: 0 })).toBeNull();
  expect(questionOf({ from: "", to: TODAY, offset: 0 })).toBeNull();
  const asked = new URLSearchParams(questionOf({ from: TODAY, to: TODAY, offset: 100 }) ?? "");
  expect([asked.get("limit"), asked.get("offset")]).toEqual(["50", "100"]);
});

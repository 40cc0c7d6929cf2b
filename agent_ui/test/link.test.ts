import { expect, test } from "vitest";
import {
  changedLink,
  freshness,
  initialLink,
  type LinkState,
  retryDelayMs,
  STALE_AFTER_MS,
} from "../src/state/link";

const NOW = 1_000_000;
const open: LinkState = { ...initialLink, phase: "open", since: NOW, heardAt: NOW };

test("a page without a view is loading, and stale when the server cannot be reached", () => {
  expect(freshness({ ...initialLink, since: NOW }, false, NOW)).toBe("loading");
  expect(freshness({ ...initialLink, phase: "waiting" }, false, NOW)).toBe("stale");
});

test("an open link that says nothing becomes stale", () => {
  expect(freshness(open, true, NOW + STALE_AFTER_MS)).toBe("live");
  expect(freshness(open, true, NOW + STALE_AFTER_MS + 1)).toBe("stale");
});

test("a gap of a moment does not grey the page, a longer one does", () => {
  const waiting = changedLink(open, { phase: "waiting", since: NOW + 4_000 });
  const connecting = changedLink(waiting, { phase: "connecting", since: NOW + 5_000 });
  expect(freshness(waiting, true, NOW + 5_000)).toBe("live");
  expect(freshness(connecting, true, NOW + 6_000)).toBe("stale");
  expect(freshness(changedLink(connecting, { phase: "open" }), true, NOW + 6_000)).toBe("live");
});

test("elsewhere and refused win over everything", () => {
  expect(freshness({ ...open, phase: "elsewhere" }, true, NOW)).toBe("elsewhere");
  expect(freshness({ ...open, phase: "refused" }, false, NOW)).toBe("refused");
});

test("attempts begin at once, wait longer each time, and never longer than ten seconds", () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => retryDelayMs(attempt, 0.999_999));
  expect(longest[0]).toBeLessThan(251);
  expect([...longest].sort((a, b) => a - b)).toEqual(longest);
  expect(Math.max(...longest)).toBeLessThanOrEqual(2_000);
});

test("a crowd of browsers does not come back at the same moment", () => {
  expect(retryDelayMs(6, 0)).toBeLessThan(retryDelayMs(6, 0.9) * 0.6);
});

import { expect, test } from "vitest";
import { outlinePath, positionText, soughtBy, widthOf } from "../src/state/player";

test.each([
  ["ArrowRight", 10, 15],
  ["ArrowLeft", 3, 0],
  ["PageUp", 10, 40],
  ["PageUp", 50, 60],
  ["Home", 50, 0],
  ["End", 1, 60],
  ["x", 1, null],
])("key %s at %s leads to %s", (key, at, to) => {
  expect(soughtBy(key, at, 60)).toBe(to);
});

test("who does not see the outline is told where nothing was recorded", () => {
  const gaps = [{ begins: 10, ends: 20, why: "on hold" }];
  expect(positionText(5, 60, gaps)).toBe("0:05 of 1:00");
  expect(positionText(12, 60, gaps)).toBe("0:12 of 1:00, not recorded: on hold");
});

test("silence is a thin line, and the picture as wide as the channel with most values", () => {
  expect(outlinePath([0, 50])).toBe("M0.5 -1V1M1.5 -50V50");
  expect(widthOf({ seconds: 1, channels: [[1, 2], [1]] })).toBe(2);
});

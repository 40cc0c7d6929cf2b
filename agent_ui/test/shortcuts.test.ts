import { expect, test } from "vitest";
import { isPossible, type KeyPress, SHORTCUTS, shortcutFor } from "../src/state/shortcuts";
import { contact, desk, dialog, turn } from "./samples";

function press(change: Partial<KeyPress>): KeyPress {
  return { key: "", code: "", altKey: false, ctrlKey: false, metaKey: false, inText: false, ...change };
}

test("no two actions share a key", () => {
  expect(new Set(SHORTCUTS.map((shortcut) => shortcut.keys)).size).toBe(SHORTCUTS.length);
});

test("Alt and a letter ask for an action, while typing too", () => {
  expect(shortcutFor(press({ key: "r", code: "KeyR", altKey: true, inText: true }))).toBe("ready");
});

test("a letter counts as the keyboard has it, or by its place where Alt makes another sign of it", () => {
  expect(shortcutFor(press({ key: "a", code: "KeyQ", altKey: true }))).toBe("accept");
  expect(shortcutFor(press({ key: "®", code: "KeyR", altKey: true }))).toBe("ready");
});

test("AltGr and the system's own combinations are left alone", () => {
  expect(shortcutFor(press({ key: "e", code: "KeyE", altKey: true, ctrlKey: true }))).toBeNull();
  expect(shortcutFor(press({ key: "r", code: "KeyR", altKey: true, metaKey: true }))).toBeNull();
  expect(shortcutFor(press({ key: "r", code: "KeyR" }))).toBeNull();
});

test("a question mark helps, but not in a text", () => {
  expect(shortcutFor(press({ key: "?" }))).toBe("help");
  expect(shortcutFor(press({ key: "?", inText: true }))).toBeNull();
});

test("keys do nothing where they make no sense", () => {
  const idle = desk();
  const offered = desk({ contact: contact({ phase: "offered" }) });
  const held = desk({ contact: contact({ phase: "held" }) });
  const wrapUp = desk({ contact: contact({ phase: "wrap-up" }) });
  expect(isPossible("accept", idle)).toBe(false);
  expect(isPossible("accept", offered)).toBe(true);
  expect(isPossible("hang-up", offered)).toBe(false);
  expect(isPossible("hold", held)).toBe(true);
  expect(isPossible("hold", wrapUp)).toBe(false);
  expect(isPossible("finish", wrapUp)).toBe(true);
  expect(isPossible("note", offered)).toBe(false);
  expect(isPossible("callbacks", idle)).toBe(true);
  expect(isPossible("callbacks", held)).toBe(false);
});

test("undo and link have their keys while there is something to undo, or to share", () => {
  const offer = { key: "k", service: "email.send", item: "fitter", question: "" };
  const offers = desk({ dialog: dialog({ turn: turn({ offers: [offer] }) }) });
  expect(isPossible("undo", offers)).toBe(true);
  expect(isPossible("undo", desk({ dialog: dialog() }))).toBe(false);
  expect(isPossible("share", desk({ dialog: dialog() }))).toBe(true);
  expect(isPossible("share", desk({ dialog: dialog({ channel: "web" }) }))).toBe(false);
  expect(isPossible("share", desk())).toBe(false);
});

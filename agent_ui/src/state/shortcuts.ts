/** Which key does what. One table, used by the console, its help page and the tooltips. */

import type { DeskView } from "../protocol";
import { offeredIn } from "./offers";
import { isInConversation, mayGoNotReady, mayGoReady } from "./presence";
import { pauseWanted, recordWanted } from "./recording";
import { mayBeShared } from "./sharing";
import { transferChoices } from "./transfers";

export type ShortcutAction =
  | "ready"
  | "not-ready"
  | "accept"
  | "decline"
  | "hold"
  | "mute"
  | "keypad"
  | "record"
  | "pause-recording"
  | "hang-up"
  | "transfer"
  | "note"
  | "dialog"
  | "back"
  | "undo"
  | "share"
  | "finish"
  | "extend"
  | "callbacks"
  | "voicemails"
  | "task"
  | "tasks"
  | "help";

export interface Shortcut {
  action: ShortcutAction;
  /** As shown, and as `aria-keyshortcuts` wants it. */
  keys: string;
  meaning: string;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { action: "ready", keys: "Alt+R", meaning: "Be ready (also ends wrap-up)" },
  { action: "not-ready", keys: "Alt+N", meaning: "Be not ready: open the list of reasons" },
  { action: "accept", keys: "Alt+A", meaning: "Accept the call, call-back or message" },
  { action: "decline", keys: "Alt+D", meaning: "Decline the call, call-back or message" },
  { action: "hold", keys: "Alt+H", meaning: "Hold, and take the caller back" },
  { action: "mute", keys: "Alt+M", meaning: "Mute and unmute your microphone" },
  { action: "record", keys: "Alt+S", meaning: "Start and stop the recording" },
  { action: "pause-recording", keys: "Alt+P", meaning: "Pause and resume the recording" },
  { action: "keypad", keys: "Alt+K", meaning: "Open the keypad" },
  { action: "hang-up", keys: "Alt+E", meaning: "End the call" },
  { action: "transfer", keys: "Alt+T", meaning: "Transfer: search people, queues, scripts and numbers" },
  { action: "dialog", keys: "Alt+Q", meaning: "Go to the current question" },
  { action: "back", keys: "Alt+B", meaning: "Go back one question" },
  { action: "undo", keys: "Alt+U", meaning: "Go to what is to be undone" },
  { action: "share", keys: "Alt+L", meaning: "Send the customer a link to go on with" },
  { action: "note", keys: "Alt+O", meaning: "Go to the note" },
  { action: "extend", keys: "Alt+X", meaning: "Need longer for wrap-up" },
  { action: "finish", keys: "Alt+F", meaning: "Finish wrap-up" },
  { action: "task", keys: "Alt+W", meaning: "Make a follow-up task about this contact" },
  { action: "callbacks", keys: "Alt+C", meaning: "Go to the call-backs" },
  { action: "voicemails", keys: "Alt+V", meaning: "Go to the messages" },
  { action: "tasks", keys: "Alt+G", meaning: "Go to the follow-up tasks" },
  { action: "help", keys: "?", meaning: "Show the keys" },
];

export interface KeyPress {
  key: string;
  code: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  /** The key went to a field that takes text. */
  inText: boolean;
}

export function keysOf(action: ShortcutAction): string {
  return SHORTCUTS.find((shortcut) => shortcut.action === action)?.keys ?? "";
}

/** The action a key asks for, or null. Where Alt makes another sign of the letter, `code` tells which key it was. */
export function shortcutFor(press: KeyPress): ShortcutAction | null {
  if (press.ctrlKey || press.metaKey) return null;
  if (press.key === "?" && !press.altKey) return press.inText ? null : "help";
  if (!press.altKey) return null;
  const letter = /^[a-z]$/i.test(press.key) ? press.key.toUpperCase() : press.code.replace(/^Key/, "");
  return SHORTCUTS.find((shortcut) => shortcut.keys === `Alt+${letter}`)?.action ?? null;
}

/** Whether the action makes sense now; what makes none does nothing. */
export function isPossible(action: ShortcutAction, view: DeskView): boolean {
  const phase = view.contact?.phase ?? "";
  switch (action) {
    case "ready":
      return mayGoReady(view);
    case "not-ready":
      return mayGoNotReady(view);
    case "accept":
    case "decline":
      return offeredIn(view) !== null;
    case "transfer":
      return view.contact !== null && transferChoices(view.contact).start;
    case "hold":
      return isInConversation(view) && view.contact?.mine === true;
    case "hang-up":
      return isInConversation(view) || phase === "dialling";
    case "mute":
    case "keypad":
      return isInConversation(view);
    case "record":
      return recordWanted(view.contact?.recording ?? null) !== null;
    case "pause-recording":
      return pauseWanted(view.contact?.recording ?? null) !== null;
    case "note":
      return isInConversation(view) || phase === "wrap-up";
    case "task":
      return view.contact?.mine === true && (isInConversation(view) || phase === "wrap-up");
    case "finish":
      return phase === "wrap-up";
    case "extend":
      return phase === "wrap-up" && (view.contact?.extensions_left ?? 0) > 0;
    case "dialog":
    case "back":
      return view.dialog !== null;
    case "undo":
      return (view.dialog?.turn.offers.length ?? 0) > 0;
    case "share":
      return view.dialog !== null && mayBeShared(view.dialog);
    case "callbacks":
    case "voicemails":
    case "tasks":
      return view.contact === null && view.message_offer === null;
    case "help":
      return true;
  }
}

/** Listens for the console's keys on every page. What each means is decided in state/shortcuts. */

import { useEffect } from "react";
import { navigate } from "../parts/routing";
import type { DeskView } from "../protocol";
import { isPossible, type ShortcutAction, shortcutFor } from "../state/shortcuts";
import { type ContactActions, useContactActions } from "./actions";
import { type Desk, useDesk } from "./desk";
import { goReady } from "./wrapUp";

/** Ids of what the keys focus or press. */
export const FOCUS_IDS = {
  note: "contact-note",
  dialog: "dialog-input",
  finish: "finish-contact",
  extend: "extend-wrap-up",
  back: "dialog-back",
  undo: "dialog-undo",
  share: "share-to",
  callbacks: "callbacks",
  voicemails: "voicemails",
  task: "task-text",
  tasks: "tasks",
  parties: "parties",
};

export function Shortcuts() {
  const desk = useDesk();
  const actions = useContactActions();
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const action = shortcutFor({
        key: event.key,
        code: event.code,
        altKey: event.altKey,
        ctrlKey: event.ctrlKey,
        metaKey: event.metaKey,
        inText: takesText(event.target),
      });
      if (action === null || (action === "help" && event.key === "?" && !desk.preferences.helpKey)) return;
      event.preventDefault();
      if (!event.repeat) carryOut(action, desk, actions);
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [desk, actions]);
  return null;
}

function carryOut(action: ShortcutAction, desk: Desk, actions: ContactActions): void {
  if (action === "help") return desk.openPanel("help");
  const view = desk.connection.store.get().view;
  if (view === null || desk.freshness !== "live" || !isPossible(action, view)) return;
  switch (action) {
    case "ready":
      return goReady(desk.connection);
    case "not-ready":
      return onConsole(() => desk.openPanel("reasons"));
    case "keypad":
      return onConsole(() => desk.openPanel(desk.panel === "keypad" ? null : "keypad"));
    case "transfer":
      return onConsole(() => desk.openPanel(desk.panel === "transfer" ? null : "transfer"));
    case "share":
      return onConsole(() => openTo(FOCUS_IDS.share));
    case "task":
      return onConsole(() => openTo(FOCUS_IDS.task));
    case "note":
    case "dialog":
    case "undo":
    case "callbacks":
    case "voicemails":
    case "tasks":
      return onConsole(() => document.getElementById(FOCUS_IDS[action])?.focus());
    case "finish":
      return onConsole(finish);
    case "extend":
      return onConsole(() => document.getElementById(FOCUS_IDS.extend)?.click());
    case "back":
      return onConsole(() => document.getElementById(FOCUS_IDS.back)?.click());
    default:
      return withContact(action, view, actions);
  }
}

function withContact(action: ShortcutAction, view: DeskView, actions: ContactActions): void {
  const contact = view.contact;
  if (contact === null) return withMessage(action, view, actions);
  if (action === "accept") {
    actions.accept(contact);
    navigate("/");
  } else if (action === "decline") actions.decline(contact);
  else if (action === "hold") actions.toggleHold(contact);
  else if (action === "mute") actions.toggleMute(contact);
  else if (action === "record") actions.toggleRecording(contact);
  else if (action === "pause-recording") actions.togglePause(contact);
  else if (action === "hang-up") actions.hangUp(contact);
}

function withMessage(action: ShortcutAction, view: DeskView, actions: ContactActions): void {
  const offer = view.message_offer;
  if (offer === null) return;
  if (action === "accept") {
    actions.acceptMessage(offer.id);
    navigate("/");
  } else if (action === "decline") actions.decline(offer);
}

/** Finish, or go where something must be chosen first. */
function finish(): void {
  const button = document.getElementById(FOCUS_IDS.finish);
  if (button instanceof HTMLButtonElement && button.disabled)
    document.querySelector<HTMLElement>("[data-first-disposition]")?.focus();
  else button?.click();
}

/** Go to a field that may be folded away. */
function openTo(id: string): void {
  const field = document.getElementById(id);
  field?.closest("details")?.setAttribute("open", "");
  field?.focus();
}

/** Show the console first, if another page is shown. */
function onConsole(then: () => void): void {
  if (window.location.pathname === "/") return then();
  navigate("/");
  window.setTimeout(then, 50);
}

export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["radio", "checkbox", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target.isContentEditable;
}

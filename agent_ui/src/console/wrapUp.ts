/** What the agent has chosen in wrap-up and the server does not have yet; it outlives a reload. */

import type { DeskConnection } from "../connection/deskConnection";
import { keepForTab, keptForTab } from "../parts/preferences";
import { isPending } from "../state/desk";

export function keepDisposition(contact: string, disposition: string | null): void {
  keepForTab(`caruso.disposition.${contact}`, disposition);
}

export function keptDisposition(contact: string): string | null {
  return keptForTab(`caruso.disposition.${contact}`);
}

/** A note typed, but not yet confirmed by the server. */
export function keepNote(contact: string, note: string | null): void {
  keepForTab(`caruso.note.${contact}`, note);
}

export function keptNote(contact: string): string | null {
  return keptForTab(`caruso.note.${contact}`);
}

/** Ready ends wrap-up: finish properly first, so that neither the disposition nor the last words of the note are lost. */
export function goReady(connection: DeskConnection): void {
  finishWrapUp(connection);
  void connection.send({ type: "go-ready" });
}

/** Not ready takes effect after wrap-up: said first, so that no offer slips in when a chosen disposition ends it. */
export function goNotReady(connection: DeskConnection, reason: string): void {
  void connection.send({ type: "go-not-ready", reason });
  finishWrapUp(connection);
}

/** Finish where a disposition has been chosen; else only keep the note. The socket keeps the order. */
function finishWrapUp(connection: DeskConnection): void {
  const state = connection.store.get();
  const contact = state.view?.contact ?? null;
  if (contact?.phase !== "wrap-up" || isPending(state, "finish")) return;
  const disposition = keptDisposition(contact.id) ?? contact.disposition;
  const note = keptNote(contact.id) ?? contact.note;
  if (disposition !== "") void connection.send({ type: "finish", contact: contact.id, disposition, note });
  else if (note !== contact.note) void connection.send({ type: "note", contact: contact.id, text: note });
}

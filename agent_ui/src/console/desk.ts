/** What the console's views share: the desk's connection, the phone, what may be done now, and which panel is open. */

import { createContext, useContext } from "react";
import type { CommandBody, DeskConnection } from "../connection/deskConnection";
import type { Preferences } from "../parts/preferences";
import { useStore } from "../parts/useStore";
import type { Phone } from "../phone/phone";
import type { PhoneState } from "../phone/phoneState";
import type { Problem } from "../protocol";
import type { CommandType, DeskState } from "../state/desk";
import { isPending } from "../state/desk";
import type { Freshness } from "../state/link";

export type Panel = "reasons" | "keypad" | "transfer" | "help" | null;

export interface Desk {
  connection: DeskConnection;
  phone: Phone;
  freshness: Freshness;
  panel: Panel;
  openPanel: (panel: Panel) => void;
  preferences: Preferences;
  changePreferences: (change: Partial<Preferences>) => void;
  /** Open the connection; from the console page only, for a second desk closes the first. */
  begin: () => void;
  /** Take the desk back from another page. */
  useHere: () => void;
  /** True once `begin` was called. */
  begun: boolean;
}

/** Null for somebody who takes no contacts. */
export const DeskContext = createContext<Desk | null>(null);

export function useMaybeDesk(): Desk | null {
  return useContext(DeskContext);
}

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error("useDesk without an agent");
  return desk;
}

export function useDeskState<Part>(select: (state: DeskState) => Part): Part {
  return useStore(useDesk().connection.store, select);
}

export function usePhoneState<Part>(select: (state: PhoneState) => Part): Part {
  return useStore(useDesk().phone.store, select);
}

/** True while commands can be given. */
export function useLive(): boolean {
  return useDesk().freshness === "live";
}

/** True while a command of one of these types is under way. */
export function useBusy(...types: CommandType[]): boolean {
  return useDeskState((state) => isPending(state, ...types));
}

export function useSend(): (body: CommandBody) => Promise<Problem | null> {
  return useDesk().connection.send;
}

export function useOffset(): number {
  return useDeskState((state) => state.clockOffset);
}

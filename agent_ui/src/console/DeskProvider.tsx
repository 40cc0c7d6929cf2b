/** Holds the desk's connection and phone for as long as the agent is signed in, whatever page is shown. */

import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { DESK_SOCKET, onSessionOver, readPhone } from "../api";
import { DeskConnection } from "../connection/deskConnection";
import { keepForTab, keptForTab, usePreferences } from "../parts/preferences";
import { useNow } from "../parts/useNow";
import { useStore } from "../parts/useStore";
import { Phone } from "../phone/phone";
import { freshness as freshnessOf } from "../state/link";
import { isInConversation } from "../state/presence";
import { type Desk, DeskContext, type Panel } from "./desk";
import { HelpDialog } from "./HelpDialog";
import { OfferAlert } from "./OfferAlert";
import { Shortcuts } from "./Shortcuts";

interface DeskProviderProps {
  agent: string | null;
  onRefused: () => void;
  children: ReactNode;
}

export function DeskProvider({ agent, onRefused, children }: DeskProviderProps) {
  if (agent === null) return <NoDesk onRefused={onRefused}>{children}</NoDesk>;
  return <AgentDesk onRefused={onRefused}>{children}</AgentDesk>;
}

function NoDesk({ onRefused, children }: Omit<DeskProviderProps, "agent">) {
  useEffect(() => onSessionOver(onRefused), [onRefused]);
  return children;
}

function AgentDesk({ onRefused, children }: Omit<DeskProviderProps, "agent">) {
  const [connection] = useState(() => new DeskConnection(DESK_SOCKET));
  const [phone] = useState(() => new Phone());
  const [begun, setBegun] = useState(hadDeskBefore);
  const [panel, openPanel] = useState<Panel>(null);
  const [preferences, changePreferences] = usePreferences();
  const now = useNow();
  const freshness = useStore(connection.store, (state) => freshnessOf(state.link, state.view !== null, now));

  useEffect(() => {
    if (!begun) return;
    connection.start();
    return () => connection.stop();
  }, [connection, begun]);

  useEffect(() => {
    if (freshness === "refused") onRefused();
  }, [freshness, onRefused]);

  // An open desk is told on its own socket: nobody is cut off from a caller by a list that cannot be read.
  useEffect(() => (begun ? undefined : onSessionOver(onRefused)), [begun, onRefused]);

  usePhone(connection, phone);
  const contact = useStore(connection.store, (state) => state.view?.contact?.id ?? null);
  const talking = useStore(connection.store, (state) => state.view !== null && isInConversation(state.view));
  // biome-ignore lint/correctness/useExhaustiveDependencies: for each conversation anew
  useEffect(() => {
    // What was open for one caller is not for the next: digits would be sent, and a name taken for a transfer.
    openPanel((panel) => (panel === "keypad" || panel === "transfer" ? null : panel));
  }, [contact, talking]);
  useDeskKept(begun && freshness !== "elsewhere");

  const begin = useCallback(() => setBegun(true), []);
  const useHere = useCallback(() => connection.start(), [connection]);
  const desk = useMemo<Desk>(
    () => ({
      connection,
      phone,
      freshness,
      panel,
      openPanel,
      preferences,
      changePreferences,
      begin,
      useHere,
      begun,
    }),
    [connection, phone, freshness, panel, preferences, changePreferences, begin, useHere, begun],
  );
  return (
    <DeskContext value={desk}>
      {children}
      <OfferAlert />
      <Shortcuts />
      <HelpDialog />
    </DeskContext>
  );
}

const DESK_KEY = "caruso.desk-here";

/** This page was the desk until it was loaded anew, on whatever page of ours that was: a call that is up comes back. */
function hadDeskBefore(): boolean {
  const [load] = performance.getEntriesByType("navigation");
  const reloaded = load instanceof PerformanceNavigationTiming && load.type === "reload";
  return reloaded && keptForTab(DESK_KEY) !== null;
}

/** Remember in this tab whether it is the desk; whoever signs out leaves none behind. */
function useDeskKept(here: boolean) {
  useEffect(() => {
    if (!here) return;
    keepForTab(DESK_KEY, "yes");
    return () => keepForTab(DESK_KEY, null);
  }, [here]);
}

/** The browser phone runs while the server says that it is the agent's station, and follows what the server shows. */
function usePhone(connection: DeskConnection, phone: Phone): void {
  const kind = useStore(connection.store, (state) => state.view?.station.kind ?? null);
  const phase = useStore(connection.store, (state) => state.link.phase);
  const contact = useStore(connection.store, (state) => state.view?.contact?.id ?? null);
  const muted = useStore(connection.store, (state) => state.view?.contact?.muted ?? false);
  const talking = useStore(connection.store, (state) => state.view !== null && isInConversation(state.view));
  const dialling = useStore(connection.store, (state) => state.view?.contact?.phase === "dialling");
  const elsewhere = phase === "elsewhere";
  const wanted = kind === "browser" && phase !== "refused" && !elsewhere;

  useEffect(() => {
    if (wanted) void phone.start(readPhone);
    else if (elsewhere)
      phone.stop(); // the server dials the page that has the desk now: there the caller is heard
    else phone.stopWhenIdle();
  }, [phone, wanted, elsewhere]);

  useEffect(() => {
    window.addEventListener("pagehide", phone.leavePage);
    return () => {
      window.removeEventListener("pagehide", phone.leavePage);
      phone.stop();
    };
  }, [phone]);

  // Who calls somebody need not accept her own phone's ringing as well.
  useEffect(() => {
    if (wanted && dialling && contact !== null) phone.accept(contact);
  }, [phone, wanted, dialling, contact]);

  useEffect(() => phone.follow(contact, talking, muted), [phone, contact, talking, muted]);
}

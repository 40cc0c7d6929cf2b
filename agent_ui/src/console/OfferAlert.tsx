/** Makes an incoming call heard and seen: sound, title, the system's notification, a spoken announcement. */

import { useEffect } from "react";
import { navigate } from "../parts/routing";
import { Ringer } from "../phone/ringer";
import { useDesk, useDeskState } from "./desk";

const FLASH_MS = 900;

export function OfferAlert() {
  const { preferences, freshness } = useDesk();
  const contact = useDeskState((state) =>
    state.view?.contact?.phase === "offered" ? state.view.contact : null,
  );
  const rings = useDeskState((state) => state.view?.station.kind === "browser");
  const id = contact?.id ?? null;
  const active = id !== null && freshness === "live";
  const who = contact === null ? "" : contact.caller_name || contact.caller_number || "unknown caller";
  const queue = contact?.queue_name ?? "";

  useEffect(() => {
    if (!active || !rings || !preferences.sound) return;
    const ringer = new Ringer();
    ringer.start();
    return () => ringer.stop();
  }, [active, rings, preferences.sound]);

  useEffect(() => {
    if (!active) return;
    const before = document.title;
    let shown = false;
    const flash = window.setInterval(() => {
      shown = !shown;
      document.title = shown ? `☎ ${who}` : "Incoming call";
    }, FLASH_MS);
    return () => {
      window.clearInterval(flash);
      document.title = before;
    };
  }, [active, who]);

  useEffect(() => {
    if (!active || !preferences.notify || !document.hidden || !mayNotify()) return;
    const notification = new Notification("Incoming call", {
      body: `${who} · ${queue}`,
      tag: "caruso-offer",
    });
    notification.onclick = () => {
      window.focus();
      navigate("/");
    };
    return () => notification.close();
  }, [active, preferences.notify, who, queue]);

  return (
    <div className="visually-hidden" role="alert" data-testid="offer-announcement">
      {active ? `Incoming call from ${who}, ${queue}` : ""}
    </div>
  );
}

function mayNotify(): boolean {
  return "Notification" in window && Notification.permission === "granted";
}

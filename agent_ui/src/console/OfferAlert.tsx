/** Makes an incoming call, or a call-back or message that is offered, heard and seen: sound, title, the system's notification, a spoken announcement. */

import { useEffect } from "react";
import { navigate } from "../parts/routing";
import { showUrgent } from "../parts/title";
import { Ringer } from "../phone/ringer";
import { OFFER_WORDS, offeredIn, ringsHere } from "../state/offers";
import { useDesk, useDeskState } from "./desk";

const FLASH_MS = 900;

export function OfferAlert() {
  const { preferences, freshness } = useDesk();
  const view = useDeskState((state) => state.view);
  const offered = offeredIn(view);
  const rings = ringsHere(offered, view?.station.kind ?? "");
  const active = offered !== null && freshness === "live";
  const who = offered?.who ?? "";
  const queue = offered?.queue ?? "";
  const { name, way, sign } = OFFER_WORDS[offered?.kind ?? "call"];

  useEffect(() => {
    if (!active || !rings || !preferences.sound) return;
    const ringer = new Ringer();
    ringer.start();
    return () => ringer.stop();
  }, [active, rings, preferences.sound]);

  useEffect(() => {
    if (!active) return;
    let shown = false;
    const flash = window.setInterval(() => {
      shown = !shown;
      showUrgent(shown ? `${sign} ${who}` : name);
    }, FLASH_MS);
    return () => {
      window.clearInterval(flash);
      showUrgent(null);
    };
  }, [active, who, name, sign]);

  useEffect(() => {
    if (!active || !preferences.notify || !document.hidden || !mayNotify()) return;
    const notification = new Notification(name, {
      body: `${who} · ${queue}`,
      tag: "caruso-offer",
    });
    notification.onclick = () => {
      window.focus();
      navigate("/");
    };
    return () => notification.close();
  }, [active, preferences.notify, name, who, queue]);

  return (
    <div className="visually-hidden" role="alert" data-testid="offer-announcement">
      {active ? `${name} ${way} ${who}, ${queue}` : ""}
    </div>
  );
}

function mayNotify(): boolean {
  return "Notification" in window && Notification.permission === "granted";
}

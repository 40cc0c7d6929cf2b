/** What was done and does not fit the answers any more: the agent has it undone, or lets it be. */

import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Icon } from "../parts/icons";
import type { UndoView } from "../protocol";
import { keysOf } from "../state/shortcuts";
import { useBusy, useLive, useSend } from "./desk";
import { FOCUS_IDS } from "./Shortcuts";

interface UndoOffersProps {
  run: string;
  offers: readonly UndoView[];
  /** Of the dialog. */
  language: string;
}

export function UndoOffers({ run, offers, language }: UndoOffersProps) {
  const [decided, setDecided] = useState("");
  const send = useSend();
  const live = useLive();
  const busy = useBusy("undo");
  const leaving = useFocusAfter(offers);
  const decide = async (offer: UndoView, wanted: boolean) => {
    leaving.current = offer.key;
    if ((await send({ type: "undo", run, key: offer.key, wanted })) !== null) leaving.current = null;
    else setDecided(wanted ? `Being undone: ${offer.service}.` : `Left as it is: ${offer.service}.`);
  };
  return (
    <div role="status" lang="en" data-testid="dialog-offers">
      {offers.map((offer, index) => (
        <div key={offer.key} className="undo">
          <p>
            <Icon name="warning" />{" "}
            {offer.question !== "" && (
              <>
                After “<span lang={language}>{offer.question}</span>”{" "}
              </>
            )}
            this was done: {offer.service}. It does not fit the answers any more.
          </p>
          <div className="undo-buttons">
            <Button
              size="compact-md"
              loading={busy}
              disabled={!live}
              id={index === 0 ? FOCUS_IDS.undo : undefined}
              onClick={() => void decide(offer, true)}
              aria-keyshortcuts={index === 0 ? keysOf("undo") : undefined}
              title={index === 0 ? keysOf("undo") : undefined}
              data-testid="undo"
            >
              Undo it
            </Button>
            <Button
              variant="default"
              size="compact-md"
              disabled={!live || busy}
              onClick={() => void decide(offer, false)}
              data-testid="leave-it"
            >
              Leave it
            </Button>
          </div>
        </div>
      ))}
      {offers.length === 0 && decided !== "" && <p className="quiet">{decided}</p>}
    </div>
  );
}

/** The buttons of an offer that was decided on go: the focus moves on to the next offer, or back to the question. */
function useFocusAfter(offers: readonly UndoView[]) {
  const leaving = useRef<string | null>(null);
  useEffect(() => {
    if (leaving.current === null || offers.some((offer) => offer.key === leaving.current)) return;
    leaving.current = null;
    document.getElementById(offers.length > 0 ? FOCUS_IDS.undo : FOCUS_IDS.dialog)?.focus();
  }, [offers]);
  return leaving;
}

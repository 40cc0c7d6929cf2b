/** The agent's desk. Which parts are shown follows from the server's view alone. */

import { Button, Loader } from "@mantine/core";
import { useEffect, useRef } from "react";
import { focusIsLost } from "../parts/focus";
import { Shell } from "../parts/Shell";
import type { ContactView, DeskView } from "../protocol";
import { CallbackPanel } from "./CallbackPanel";
import { CallOut, Dialling } from "./CallOut";
import { CustomerCard } from "./CustomerCard";
import { DialogPanel } from "./DialogPanel";
import { useDesk, useDeskState } from "./desk";
import { MessageOffer } from "./MessageOffer";
import { NotePanel, useNote } from "./NotePanel";
import { NotesBefore } from "./NotesBefore";
import { OfferCard } from "./OfferCard";
import { PresenceBar } from "./PresenceBar";
import { QueueTiles } from "./QueueTiles";
import { FOCUS_IDS } from "./Shortcuts";
import { TaskForm } from "./TaskForm";
import { TaskPanel } from "./TaskPanel";
import { TrailPanel } from "./TrailPanel";
import { VoicemailPanel } from "./VoicemailPanel";
import { WhyPanel } from "./WhyPanel";
import { WrapUpPanel } from "./WrapUpPanel";

export function ConsolePage() {
  const { begin, freshness, useHere, connection } = useDesk();
  const view = useDeskState((state) => state.view);
  useEffect(begin, [begin]);
  useFocusKept(view?.contact ?? null);
  return (
    <Shell title="Console">
      {freshness === "elsewhere" ? (
        <Elsewhere useHere={useHere} />
      ) : view === null ? (
        <NoView lost={freshness === "stale"} retry={connection.retryNow} />
      ) : (
        <div className="console fresh-area" data-stale={freshness !== "live"} data-testid="console">
          <h1 className="visually-hidden">Console</h1>
          <PresenceBar view={view} />
          <QueueTiles view={view} />
          {view.contact !== null ? (
            <Contact key={view.contact.id} view={view} contact={view.contact} />
          ) : view.message_offer !== null ? (
            <MessageOffer key={view.message_offer.id} view={view} offer={view.message_offer} />
          ) : (
            <Idle view={view} begin={connection.reopen} />
          )}
        </div>
      )}
    </Shell>
  );
}

/**
 * A button that had the focus goes away with its contact, or with what was asked for: Tab then leads on from here, and
 * from those who were called into the call, not from the top of the page.
 */
function useFocusKept(contact: ContactView | null) {
  const stage =
    contact === null
      ? ""
      : [contact.id, contact.phase, ...contact.parties.map((party) => `${party.id} ${party.state}`)].join();
  const before = useRef(stage);
  useEffect(() => {
    const changed = before.current !== "" && before.current !== stage;
    before.current = stage;
    if (!changed || !focusIsLost()) return;
    const goal = document.getElementById(FOCUS_IDS.parties) ?? document.getElementById("main");
    goal?.focus({ preventScroll: true });
  }, [stage]);
}

function Elsewhere({ useHere }: { useHere: () => void }) {
  return (
    <div className="empty" role="alert" data-testid="signed-in-elsewhere">
      <h1 className="empty-title">Your desk is open on another page</h1>
      <p>An agent works on one page at a time. You can go on there, or take the desk over here.</p>
      <Button size="md" onClick={useHere} data-testid="use-here">
        Use here
      </Button>
    </div>
  );
}

function NoView({ lost, retry }: { lost: boolean; retry: () => void }) {
  return (
    <div className="empty" data-testid="desk-loading" role="status">
      {lost ? (
        <>
          <p className="empty-title">The server cannot be reached</p>
          <p>This page tries again by itself.</p>
          <Button onClick={retry}>Try now</Button>
        </>
      ) : (
        <>
          <Loader aria-hidden="true" />
          <p>Opening your desk…</p>
        </>
      )}
    </div>
  );
}

function Idle({ view, begin }: { view: DeskView; begin: () => void }) {
  const { presence, reason } = view.presence;
  const [title, text] = IDLE_TEXTS[reason] ?? IDLE_TEXTS[presence] ?? ["No contact", ""];
  return (
    <>
      <section className="empty" data-testid="idle" aria-label="Contact">
        <p className="empty-title">{title}</p>
        <p>{text}</p>
        {presence === "signed-out" && (
          <Button size="md" onClick={begin} data-testid="sign-in-again">
            Sign in to your queues
          </Button>
        )}
      </section>
      {view.dialog !== null && (
        <div className="columns" data-testid="callback-dialog">
          <div className="column">
            <DialogPanel dialog={view.dialog} />
          </div>
          <div className="column">
            <TrailPanel dialog={view.dialog} />
          </div>
        </div>
      )}
      {view.outside && view.queues.length > 0 && presence !== "signed-out" && <CallOut view={view} />}
      {view.queues.length > 0 && <VoicemailPanel view={view} />}
      {view.queues.length > 0 && <CallbackPanel view={view} />}
      <TaskPanel view={view} />
    </>
  );
}

/** By the centre's reason, or else by presence. */
const IDLE_TEXTS: Partial<Record<string, [string, string]>> = {
  ready: ["Waiting for the next call", "It will appear here, with what the caller has already told."],
  "not-ready": ["No calls come to you", "Choose Ready (Alt+R) when you want to take calls."],
  message: [
    "You have a message to answer",
    "Calls come to you again when you are done with it, or choose Ready (Alt+R).",
  ],
  "signed-out": ["You are signed out of your queues", "You, or a supervisor, signed you out."],
};

function Contact({ view, contact }: { view: DeskView; contact: ContactView }) {
  const note = useNote(contact);
  if (contact.phase === "offered") {
    return (
      <div className="columns columns-offer">
        <OfferCard view={view} contact={contact} />
        <div className="column">
          <NotesBefore contact={contact} />
          <TrailPanel dialog={view.dialog} since={contact.connected_at} />
          <CustomerCard customer={view.customer} contact={contact} />
        </div>
      </div>
    );
  }
  if (contact.phase === "dialling") {
    return (
      <div className="columns columns-offer">
        <Dialling view={view} contact={contact} />
        <CustomerCard customer={view.customer} contact={contact} />
      </div>
    );
  }
  const wrapUp = contact.phase === "wrap-up";
  return (
    <div className="columns">
      <div className="column">
        {!contact.reached && !wrapUp && (
          <p className="card" role="status" data-testid="customer-rings">
            The customer’s phone rings.
          </p>
        )}
        {wrapUp && <WrapUpPanel view={view} contact={contact} note={note} />}
        {view.dialog?.read_only === true && !wrapUp ? (
          <section className="card" data-testid="dialog-looked-on">
            <h2 className="card-kicker">{view.dialog.title}</h2>
            <p className="quiet">A colleague leads this dialog; its answers are shown here.</p>
          </section>
        ) : (
          <DialogPanel
            dialog={view.dialog}
            address={view.customer?.email ?? ""}
            contact={view.contact?.mine === true ? view.contact.id : ""}
          />
        )}
      </div>
      <div className="column">
        <NotesBefore contact={contact} />
        {contact.phase !== "consulted" && <NotePanel note={note} />}
        {contact.mine && contact.phase !== "consulted" && <TaskForm view={view} contact={contact} />}
        <TrailPanel dialog={view.dialog} since={contact.connected_at} />
      </div>
      <div className="column">
        <CustomerCard customer={view.customer} contact={contact} />
        <WhyPanel why={contact.why} queue={contact.queue_name} />
      </div>
    </div>
  );
}

/** The dialog that leads the conversation: the item that waits, large, with its input. */

import { Button } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Icon } from "../parts/icons";
import type { DialogView, LinkView, TurnView } from "../protocol";
import {
  DRAFT_PAUSE_MS,
  type Draft,
  limitsText,
  mayBeKept,
  nextDraft,
  questionsOf,
  typedInto,
} from "../state/answers";
import { mayBeShared } from "../state/sharing";
import { keysOf } from "../state/shortcuts";
import { useBusy, useLive, useSend } from "./desk";
import { ItemInput } from "./ItemInput";
import { LedOnTheWeb, SharePanel } from "./SharePanel";
import { FOCUS_IDS } from "./Shortcuts";
import { UndoOffers } from "./UndoOffers";

interface DialogPanelProps {
  dialog: DialogView | null;
  address?: string;
  /** Whose caller can be given to the machine; empty where there is none on the line. */
  contact?: string;
}

export function DialogPanel({ dialog, address = "", contact = "" }: DialogPanelProps) {
  if (dialog === null) {
    return (
      <section className="card" aria-label="Dialog" data-testid="no-dialog">
        <div className="empty empty-small">
          <p className="empty-title">No dialog for this contact</p>
          <p>Lead the conversation freely; write down what counts in the note.</p>
        </div>
      </section>
    );
  }
  const over = dialog.finished || dialog.turn.kind === "end";
  return (
    <section
      className="card dialog"
      aria-labelledby="dialog-title"
      data-testid="dialog"
      data-state={over ? "finished" : dialog.turn.kind}
      data-item={dialog.turn.item}
      data-turn={dialog.turn.number}
    >
      <div className="card-head">
        <h2 id="dialog-title" className="card-kicker">
          {dialog.title}
        </h2>
        <span className="tag">{dialog.language}</span>
      </div>
      {over ? (
        <Finished dialog={dialog} />
      ) : dialog.channel === "web" ? (
        <LedOnTheWeb dialog={dialog} />
      ) : (
        <>
          {dialog.turn.kind === "handover" ? (
            <HandedOver dialog={dialog} contact={contact} />
          ) : (
            <Item dialog={dialog} turn={dialog.turn} />
          )}
          {mayBeShared(dialog) && <SharePanel key={dialog.run} dialog={dialog} address={address} />}
        </>
      )}
    </section>
  );
}

function Finished({ dialog }: { dialog: DialogView }) {
  return (
    <div lang={dialog.language}>
      <Texts texts={dialog.turn.texts} links={dialog.turn.links} />
      <p className="dialog-over" role="status" lang="en" id={FOCUS_IDS.dialog} tabIndex={-1}>
        <Icon name="check" /> The dialog is finished{dialog.outcome === "" ? "." : `: ${dialog.outcome}.`}
      </p>
      <UndoOffers run={dialog.run} offers={dialog.turn.offers} language={dialog.language} />
    </div>
  );
}

/** The dialog is to go on elsewhere: what is said, and the agent's next step. */
function HandedOver({ dialog, contact }: { dialog: DialogView; contact: string }) {
  const live = useLive();
  const send = useSend();
  const busy = useBusy("transfer");
  const byPhone = dialog.turn.hand_to === "phone";
  const status = useRef<HTMLParagraphElement>(null);
  // The input that had the focus is gone. Not the button: an Enter too many would give the caller away.
  useEffect(() => {
    if (document.activeElement === document.body) status.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div data-testid="handed-over" data-to={dialog.turn.hand_to}>
      <div lang={dialog.language}>
        <Texts texts={dialog.turn.texts} links={dialog.turn.links} />
      </div>
      <p ref={status} tabIndex={-1} className="dialog-over" role="status">
        <Icon name={byPhone ? "phone" : "screen"} />{" "}
        {byPhone
          ? "From here the machine goes on with the caller."
          : `From here the customer goes on on the web: send the link below (${keysOf("share")}).`}
      </p>
      {byPhone && contact !== "" && (
        <Button
          size="md"
          leftSection={<Icon name="transfer" />}
          loading={busy}
          disabled={!live}
          id={FOCUS_IDS.dialog}
          onClick={() => void send({ type: "transfer", contact, kind: "script", to: dialog.script })}
          data-testid="give-to-machine"
        >
          Give the caller to the machine
        </Button>
      )}
    </div>
  );
}

function Item({ dialog, turn }: { dialog: DialogView; turn: TurnView }) {
  const { run } = dialog;
  const [draft, setDraft] = useDraft(dialog);
  const live = useLive();
  const send = useSend();
  const busy = useBusy("answer", "answer-together", "confirm");
  const goingBack = useBusy("back");
  const form = useRef<HTMLFormElement>(null);
  useFocusOnNewItem(form, run, turn);
  const kept = useKeptDraft(draft);
  useTimeLimit(run, turn);

  const questions = questionsOf(turn);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!live || busy) return;
    setDraft({ ...draft, sent: true });
    const common = { run, turn: turn.number };
    if (turn.kind === "group") void send({ type: "answer-together", ...common, answers: draft.texts });
    else if (turn.kind === "question")
      void send({ type: "answer", ...common, text: draft.texts[turn.item] ?? "" });
    else void send({ type: "confirm", ...common });
  };
  return (
    <form
      ref={form}
      onSubmit={submit}
      noValidate
      data-testid="dialog-form"
      data-draft={kept}
      aria-busy={busy}
    >
      {turn.title !== "" && (
        <h3 className="group-title" lang={dialog.language}>
          {turn.title}
        </h3>
      )}
      {turn.kind === "group" ? (
        <Together dialog={dialog} turn={turn} draft={draft} setDraft={setDraft} />
      ) : (
        <Asked
          dialog={dialog}
          question={turn}
          inputId={FOCUS_IDS.dialog}
          name="dialog"
          text={draft.texts[turn.item] ?? ""}
          change={(text) => setDraft(typedInto(draft, turn.item, text))}
        />
      )}
      <UndoOffers run={run} offers={turn.offers} language={dialog.language} />
      <div className="dialog-buttons">
        <Button
          type="submit"
          size="md"
          loading={busy}
          disabled={!live}
          id={questions.length > 0 ? undefined : FOCUS_IDS.dialog}
          data-testid="dialog-submit"
        >
          {submitText(turn)} <kbd className="key key-light">Enter</kbd>
        </Button>
        <Button
          variant="default"
          size="md"
          leftSection={<Icon name="back" />}
          loading={goingBack}
          disabled={!live || !turn.may_go_back}
          id={FOCUS_IDS.back}
          onClick={() => void send({ type: "back", run, turn: turn.number })}
          aria-keyshortcuts={keysOf("back")}
          title={keysOf("back")}
          data-testid="dialog-back"
        >
          Back
        </Button>
      </div>
    </form>
  );
}

interface AskedProps {
  dialog: DialogView;
  question: TurnView;
  inputId: string;
  /** What the ids of its texts begin with. */
  name: string;
  text: string;
  change: (text: string) => void;
}

/** What is said, and the input where something is asked. */
function Asked({ dialog, question, inputId, name, text, change }: AskedProps) {
  const isQuestion = question.kind === "question";
  return (
    <>
      <div id={`${name}-text`} lang={dialog.language}>
        <Texts texts={question.texts} links={question.links} />
      </div>
      <Hints hints={question.hints} />
      <div role="alert" id={`${name}-error`} lang={dialog.language}>
        {question.error !== "" && (
          <p
            className="item-error"
            data-warning={question.warning}
            data-testid={question.warning ? "item-warning" : "item-error"}
          >
            <Icon name="warning" /> {question.error}
          </p>
        )}
      </div>
      {isQuestion && question.read_only && (
        <p className="read-only" id={inputId} tabIndex={-1} data-testid="read-only">
          {question.shown || text || "–"}
        </p>
      )}
      {isQuestion && !question.read_only && (
        <ItemInput
          key={`${dialog.run} ${question.item}`}
          id={inputId}
          run={dialog.run}
          item={question.item}
          type={question.type}
          options={question.options}
          language={dialog.language}
          value={text}
          change={change}
          labelledBy={`${name}-text`}
          describedBy={`${name}-error ${name}-limits`}
          invalid={question.error !== "" && !question.warning}
          required={question.required}
          minimum={question.minimum}
          maximum={question.maximum}
          mask={question.mask}
          currency={question.currency}
          shown={question.shown}
        />
      )}
      <p id={`${name}-limits`} className="limits">
        {isQuestion ? limitsText(question) : ""}
      </p>
    </>
  );
}

interface TogetherProps {
  dialog: DialogView;
  turn: TurnView;
  draft: Draft;
  setDraft: (draft: Draft) => void;
}

/** A group: all its questions at once; the first of them, or the first that is wrong, has the shortcut's focus. */
function Together({ dialog, turn, draft, setDraft }: TogetherProps) {
  const first = turn.questions.find((inner) => inner.error !== "") ?? questionsOf(turn)[0];
  return (
    <div className="together" data-testid="dialog-group">
      {turn.questions.map((inner) => (
        <div key={inner.item} className="together-item" data-testid={`together-${inner.item}`}>
          <Asked
            dialog={dialog}
            question={inner}
            inputId={inner.item === first?.item ? FOCUS_IDS.dialog : `input-${inner.item}`}
            name={`item-${inner.item}`}
            text={draft.texts[inner.item] ?? ""}
            change={(text) => setDraft(typedInto(draft, inner.item, text))}
          />
        </div>
      ))}
    </div>
  );
}

function submitText(turn: TurnView): string {
  const questions = questionsOf(turn);
  if (questions.length === 0) return "Continue";
  const warned = questions.filter((question) => question.error !== "");
  return warned.length > 0 && warned.every((question) => question.warning) ? "Answer all the same" : "Answer";
}

function Texts({ texts, links = [] }: { texts: readonly string[]; links?: readonly LinkView[] }) {
  return (
    <div className="texts" data-testid="dialog-texts">
      {texts.map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: texts have no identity but their place
        <p key={index} data-last={index === texts.length - 1}>
          {linked(
            text,
            links.filter((link) => link.text === index),
          )}
        </p>
      ))}
    </div>
  );
}

function linked(text: string, links: readonly LinkView[]) {
  const signs = [...text]; // the server counts characters, not UTF-16 units
  let at = 0;
  const parts = links.flatMap((link) => {
    const before = signs.slice(at, link.start).join("");
    at = link.end;
    return [
      before,
      <a key={link.start} href={link.to} target="_blank" rel="noopener noreferrer">
        {signs.slice(link.start, link.end).join("")}
      </a>,
    ];
  });
  return [...parts, signs.slice(at).join("")];
}

function Hints({ hints }: { hints: readonly string[] }) {
  if (hints.length === 0) return null;
  return (
    <div className="hints" role="note" aria-label="Hints for you" data-testid="dialog-hints">
      <Icon name="hint" />
      <div>
        {hints.map((hint) => (
          <p key={hint}>{hint}</p>
        ))}
      </div>
    </div>
  );
}

/** What stands in the inputs; follows the turn, never a view that only brings other news. */
function useDraft(dialog: DialogView): [Draft, (draft: Draft) => void] {
  const [kept, setDraft] = useState<Draft | null>(null);
  const draft = nextDraft(kept, dialog.run, dialog.turn, dialog.draft);
  if (draft !== kept) setDraft(draft);
  return [draft, setDraft];
}

/** Let the server keep what was typed, at every pause: it is there again after a reload. Returns how far that is. */
function useKeptDraft(draft: Draft): "" | "typing" | "kept" {
  const [kept, setKept] = useState<Draft["texts"] | null>(null);
  const send = useSend();
  const live = useLive();
  useEffect(() => {
    if (!live || !mayBeKept(draft) || kept === draft.texts) return;
    const { run, turn, texts } = draft;
    const keep = async () => {
      if ((await send({ type: "draft", run, turn, texts })) === null) setKept(texts);
    };
    const timer = window.setTimeout(() => void keep(), DRAFT_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [draft, kept, live, send]);
  if (!draft.touched) return "";
  return kept === draft.texts ? "kept" : "typing";
}

/** Tell the server when the time for an answer is over; what becomes of it is the script's business. */
function useTimeLimit(run: string, turn: TurnView): void {
  const send = useSend();
  const { number, time_limit_seconds: limit } = turn;
  useEffect(() => {
    if (limit === null) return;
    const timer = window.setTimeout(() => void send({ type: "time-up", run, turn: number }), limit * 1000);
    return () => window.clearTimeout(timer);
  }, [send, run, number, limit]);
}

/** A new item takes the focus, unless the agent is writing somewhere else. */
function useFocusOnNewItem(form: React.RefObject<HTMLFormElement | null>, run: string, turn: TurnView): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn is what moves the focus
  useEffect(() => {
    const active = document.activeElement;
    const elsewhere = active instanceof HTMLElement && active.closest("[data-keeps-focus]") !== null;
    if (elsewhere && form.current?.contains(active) !== true) return;
    const input = document.getElementById(FOCUS_IDS.dialog);
    input?.focus({ preventScroll: true });
    if (input instanceof HTMLInputElement && questionsOf(turn).some(({ error }) => error !== ""))
      input.select();
  }, [form, run, turn.number]);
}

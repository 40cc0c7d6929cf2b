/** The dialog that leads the conversation: the item that waits, large, with its input. */

import { Button } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Icon } from "../parts/icons";
import type { DialogView, TurnView } from "../protocol";
import { type Draft, limitsText, nextDraft } from "../state/answers";
import { keysOf } from "../state/shortcuts";
import { useBusy, useLive, useSend } from "./desk";
import { ItemInput } from "./ItemInput";
import { FOCUS_IDS } from "./Shortcuts";

export function DialogPanel({ dialog }: { dialog: DialogView | null }) {
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
    >
      <div className="card-head">
        <h2 id="dialog-title" className="card-kicker">
          {dialog.title}
        </h2>
        <span className="tag">{dialog.language}</span>
      </div>
      {over ? <Finished dialog={dialog} /> : <Item dialog={dialog} turn={dialog.turn} />}
    </section>
  );
}

function Finished({ dialog }: { dialog: DialogView }) {
  return (
    <div lang={dialog.language}>
      <Texts texts={dialog.turn.texts} />
      <p className="dialog-over" role="status" lang="en">
        <Icon name="check" /> The dialog is finished{dialog.outcome === "" ? "." : `: ${dialog.outcome}.`}
      </p>
    </div>
  );
}

function Item({ dialog, turn }: { dialog: DialogView; turn: TurnView }) {
  const [draft, setDraft] = useDraft(dialog.run, turn);
  const live = useLive();
  const send = useSend();
  const busy = useBusy("answer", "confirm");
  const goingBack = useBusy("back");
  const form = useRef<HTMLFormElement>(null);
  const { run } = dialog;
  useFocusOnNewItem(form, run, turn);

  const isQuestion = turn.kind === "question";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!live || busy) return;
    if (isQuestion) void send({ type: "answer", run, turn: turn.number, text: draft.text });
    else void send({ type: "confirm", run, turn: turn.number });
  };
  const limits = limitsText(turn);
  return (
    <form ref={form} onSubmit={submit} noValidate data-testid="dialog-form" aria-busy={busy}>
      <div id="dialog-text" lang={dialog.language}>
        <Texts texts={turn.texts} />
      </div>
      <Hints hints={turn.hints} />
      <div role="alert" id="dialog-error" lang={dialog.language}>
        {turn.error !== "" && (
          <p
            className="item-error"
            data-warning={turn.warning}
            data-testid={turn.warning ? "item-warning" : "item-error"}
          >
            <Icon name="warning" /> {turn.error}
          </p>
        )}
      </div>
      {isQuestion && (
        <ItemInput
          key={`${run} ${turn.item}`}
          id={FOCUS_IDS.dialog}
          type={turn.type}
          options={turn.options}
          language={dialog.language}
          value={draft.text}
          change={(text) => setDraft({ ...draft, text })}
          labelledBy="dialog-text"
          describedBy={`dialog-error dialog-limits`}
          invalid={turn.error !== "" && !turn.warning}
          required={turn.required}
          minimum={turn.minimum}
          maximum={turn.maximum}
        />
      )}
      <p id="dialog-limits" className="limits">
        {isQuestion ? limits : ""}
      </p>
      <div className="dialog-buttons">
        <Button
          type="submit"
          size="md"
          loading={busy}
          disabled={!live}
          id={isQuestion ? undefined : FOCUS_IDS.dialog}
          data-testid="dialog-submit"
        >
          {submitText(turn)} <kbd className="key key-light">Enter</kbd>
        </Button>
        <Button
          variant="default"
          size="md"
          leftSection={<Icon name="back" />}
          loading={goingBack}
          disabled={!live}
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

function submitText(turn: TurnView): string {
  if (turn.kind !== "question") return "Continue";
  return turn.warning ? "Answer all the same" : "Answer";
}

function Texts({ texts }: { texts: readonly string[] }) {
  return (
    <div className="texts" data-testid="dialog-texts">
      {texts.map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: texts have no identity but their place
        <p key={index} data-last={index === texts.length - 1}>
          {text}
        </p>
      ))}
    </div>
  );
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

/** What stands in the input; follows the turn, never a view that only brings other news. */
function useDraft(run: string, turn: TurnView): [Draft, (draft: Draft) => void] {
  const [kept, setDraft] = useState<Draft | null>(null);
  const draft = nextDraft(kept, run, turn);
  if (draft !== kept) setDraft(draft);
  return [draft, setDraft];
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
    if (input instanceof HTMLInputElement && turn.error !== "") input.select();
  }, [form, run, turn.number]);
}

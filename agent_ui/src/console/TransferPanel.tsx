/** Whom to give the customer to: colleagues, queues, entry points, scripts, any number. Found by typing, chosen by key. */

import { Button, Popover, TextInput } from "@mantine/core";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { readTransferTargets } from "../api";
import { Icon } from "../parts/icons";
import type { ContactView, TargetView } from "../protocol";
import { keysOf } from "../state/shortcuts";
import {
  chosenIndex,
  foundTargets,
  isSomebody,
  mayConsult,
  refusedText,
  targetKey,
  targetText,
  transferChoices,
} from "../state/transfers";
import { useBusy, useDesk, useLive, useSend } from "./desk";

/** How often presences in the open list are read anew. */
const REFRESH_MS = 2_000;
/** More than these nobody reads. */
const MOST_SHOWN = 8;

export function TransferPanel({ contact }: { contact: ContactView }) {
  const { panel, openPanel } = useDesk();
  const live = useLive();
  const busy = useBusy("transfer", "consult");
  const possible = transferChoices(contact).start;
  return (
    <Popover
      opened={panel === "transfer" && possible}
      onChange={(opened) => openPanel(opened ? "transfer" : null)}
      position="bottom-end"
      // Above the button its first line, where one types, would be out of a low window; below it the page scrolls.
      middlewares={{ flip: false, shift: true }}
      width={420}
      transitionProps={{ duration: 0 }}
      returnFocus
      trapFocus
      withinPortal
    >
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Icon name="transfer" />}
          disabled={!live || !possible}
          loading={busy}
          onClick={() => openPanel(panel === "transfer" ? null : "transfer")}
          aria-keyshortcuts={keysOf("transfer")}
          title={keysOf("transfer")}
          data-testid="transfer"
        >
          Transfer
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Transfer" data-testid="transfer-panel">
        <Targets contact={contact} close={() => openPanel(null)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Targets({ contact, close }: { contact: ContactView; close: () => void }) {
  const send = useSend();
  const [targets, setTargets] = useState<readonly TargetView[] | null>(null);
  const [failed, setFailed] = useState(false);
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState("");
  const [refused, setRefused] = useState("");
  const list = useRef<HTMLUListElement>(null);

  useEffect(() => {
    const reading = new AbortController();
    const read = () =>
      readTransferTargets(reading.signal).then(
        (found) => {
          setTargets(found);
          setFailed(false);
        },
        () => setFailed(!reading.signal.aborted),
      );
    void read();
    const timer = window.setInterval(() => void read(), REFRESH_MS);
    return () => {
      window.clearInterval(timer);
      reading.abort();
    };
  }, []);

  const known = targets !== null;
  useEffect(() => {
    // In a low window the list begins below its edge.
    if (known) list.current?.parentElement?.scrollIntoView({ block: "nearest" });
  }, [known]);

  const found = foundTargets(targets ?? [], text).slice(0, MOST_SHOWN);
  const at = chosenIndex(found, chosen);
  const first = found[0] === undefined ? "" : targetKey(found[0]);
  // The first that was found is chosen, and stays so when another comes to stand before it.
  if (chosen === "" && first !== "") setChosen(first);
  const choose = (index: number) => {
    const target = found[index];
    if (target === undefined) return;
    setChosen(targetKey(target));
    setRefused("");
    list.current?.children[index]?.scrollIntoView({ block: "nearest" });
  };
  const give = (type: "transfer" | "consult", target: TargetView) => {
    close();
    void send({ type, contact: contact.id, kind: target.kind, to: target.id });
  };
  const pressed = (event: KeyboardEvent) => {
    const target = found[at];
    if (event.key === "ArrowDown") choose(at + 1);
    else if (event.key === "ArrowUp") choose(at - 1);
    else if (event.key === "Enter" && target !== undefined) {
      const why = refusedText(target, event.ctrlKey);
      setRefused(why);
      if (why === "") give(event.ctrlKey ? "transfer" : "consult", target);
    } else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        label="Colleague, queue, entry point, script or number"
        description="Enter asks first, Ctrl+Enter gives the customer away at once"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setChosen("");
          setRefused("");
        }}
        onKeyDown={pressed}
        data-autofocus
        autoComplete="off"
        aria-controls="transfer-targets"
        data-testid="transfer-search"
      />
      <div role="status" className="quiet">
        {failed
          ? "The list cannot be read. A number or name is tried again in a moment."
          : targets === null
            ? "Reading…"
            : found.length === 0
              ? "Nobody by that name."
              : refused}
      </div>
      {/* What the arrow keys have come to, for those who do not see it. */}
      <div role="status" className="visually-hidden" data-testid="transfer-chosen">
        {found[at] !== undefined && `${found[at].name}, ${targetText(found[at])}`}
      </div>
      <ul id="transfer-targets" className="targets" aria-label="Found" ref={list}>
        {found.map((target, index) => (
          <li
            key={targetKey(target)}
            className="target"
            data-chosen={index === at}
            data-testid="transfer-target"
            data-target={target.id}
          >
            <span className="target-name">
              {target.name}
              <span className="quiet"> {targetText(target)}</span>
            </span>
            {isSomebody(target) && (
              <Button
                size="compact-sm"
                variant="default"
                disabled={!mayConsult(target)}
                onClick={() => give("consult", target)}
                aria-label={`Ask first: ${target.name}`}
                data-testid="consult-target"
              >
                Ask first
              </Button>
            )}
            <Button
              size="compact-sm"
              disabled={!target.possible}
              onClick={() => give("transfer", target)}
              aria-label={`Transfer: ${target.name}`}
              data-testid="give-target"
            >
              Transfer
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

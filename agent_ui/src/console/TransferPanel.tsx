/** Whom to give the customer to: colleagues, queues, entry points, scripts, any number. Found by typing, chosen by key. */

import { Button, Popover, TextInput } from "@mantine/core";
import { type KeyboardEvent, useEffect, useState } from "react";
import { readTransferTargets } from "../api";
import { Icon } from "../parts/icons";
import type { ContactView, TargetView } from "../protocol";
import { keysOf } from "../state/shortcuts";
import { foundTargets, isSomebody, mayConsult, targetText, transferChoices } from "../state/transfers";
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
  const [chosen, setChosen] = useState(0);

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

  const found = foundTargets(targets ?? [], text).slice(0, MOST_SHOWN);
  const at = Math.min(chosen, Math.max(0, found.length - 1));
  const give = (type: "transfer" | "consult", target: TargetView) => {
    close();
    void send({ type, contact: contact.id, kind: target.kind, to: target.id });
  };
  const pressed = (event: KeyboardEvent) => {
    const target = found[at];
    if (event.key === "ArrowDown") setChosen(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(at - 1, 0));
    else if (event.key === "Enter" && target !== undefined) {
      if (event.ctrlKey) {
        if (target.possible) give("transfer", target);
      } else if (mayConsult(target)) give("consult", target);
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
          setChosen(0);
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
              : ""}
      </div>
      <ul id="transfer-targets" className="targets" aria-label="Found">
        {found.map((target, index) => (
          <li
            key={`${target.kind} ${target.id}`}
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

/** What can be done with a row of the monitor: with an agent, a waiting call, a call in progress, a queue. */

import { Button, Menu } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Icon } from "../parts/icons";
import { useSession } from "../parts/session";
import type { AgentRow, CallRow, QueueRow, WaitingRow } from "../protocol";
import { canBeHeard, forceable } from "../state/supervision";
import { MessageDialog } from "./MessageDialog";
import type { StationChoice } from "./station";
import { useActions } from "./supervise";

const FORCE_TEXTS = { ready: "Make ready", "not-ready": "Make not ready", "signed-out": "Sign out" };

function RowMenu({ label, testid, children }: { label: string; testid: string; children: ReactNode }) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant="subtle" size="compact-sm" aria-label={label} title={label} data-testid={testid}>
          <Icon name="down" size={16} />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}

export function AgentMenu({ row }: { row: AgentRow }) {
  const { session } = useSession();
  const actions = useActions();
  const [writing, setWriting] = useState(false);
  const admin = session.role === "admin";
  return (
    <>
      <RowMenu label={`Actions for ${row.name}`} testid="agent-menu">
        {forceable(row, admin).map((presence) => (
          <Menu.Item
            key={presence}
            onClick={() =>
              actions.force(
                row.id,
                row.name,
                presence,
                admin && presence === "not-ready" && row.presence === "ready",
              )
            }
            data-testid={`force-${presence}`}
          >
            {FORCE_TEXTS[presence]}
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => setWriting(true)} data-testid="write-message">
          Message…
        </Menu.Item>
      </RowMenu>
      {writing && <MessageDialog name={row.name} to={{ agents: [row.id] }} close={() => setWriting(false)} />}
    </>
  );
}

interface WaitingMenuProps {
  row: WaitingRow;
  queues: readonly QueueRow[];
}

export function WaitingMenu({ row, queues }: WaitingMenuProps) {
  const actions = useActions();
  const others = queues.filter((queue) => queue.id !== row.queue);
  const priority = actions.priorityOf(row);
  const raise = (by: number) => actions.prioritise(row.id, priority, priority + by);
  return (
    <RowMenu label={`Actions for the call of ${row.caller || "somebody"}`} testid="waiting-menu">
      <Menu.Label>Priority {priority}</Menu.Label>
      <Menu.Item
        closeMenuOnClick={false}
        disabled={priority >= 100}
        onClick={() => raise(1)}
        data-testid="raise"
      >
        Higher
      </Menu.Item>
      <Menu.Item
        closeMenuOnClick={false}
        disabled={priority <= -100}
        onClick={() => raise(-1)}
        data-testid="lower"
      >
        Lower
      </Menu.Item>
      {others.length > 0 && <Menu.Label>Move to</Menu.Label>}
      {others.map((queue) => (
        <Menu.Item
          key={queue.id}
          disabled={!queue.open}
          onClick={() => actions.move(row.id, row.queue, queue.id, queue.name)}
          data-testid={`move-to-${queue.id}`}
        >
          {queue.name}
          {queue.open ? "" : " (closed)"}
        </Menu.Item>
      ))}
    </RowMenu>
  );
}

interface ListenButtonProps {
  row: CallRow;
  agent: string;
  /** One's own supervision is under way. */
  taken: boolean;
  station: StationChoice;
}

export function ListenButton({ row, agent, taken, station }: ListenButtonProps) {
  const actions = useActions();
  if (!canBeHeard(row)) return null;
  const { asked } = station;
  const why = taken
    ? "You take part in a conversation already"
    : asked === null
      ? "Give a number first"
      : `Listen to ${agent}`;
  return (
    <Button
      variant="light"
      size="compact-sm"
      // Not while it is asked for: a button that is disabled loses the focus.
      disabled={taken || asked === null}
      aria-label={`Listen to ${agent}`}
      title={why}
      onClick={() => asked !== null && actions.supervise(row.id, "listen", asked)}
      data-testid="listen"
    >
      Listen
    </Button>
  );
}

export function QueueActions({ queue }: { queue: QueueRow }) {
  const actions = useActions();
  const [writing, setWriting] = useState(false);
  return (
    <div className="queue-actions">
      {!queue.open && (
        <span className="queue-closed" data-testid="queue-closed">
          <Icon name="warning" size={14} /> Closed
        </span>
      )}
      <Button
        variant="default"
        size="compact-sm"
        onClick={() => actions.openQueue(queue.id, queue.name, !queue.open)}
        data-testid="switch-queue"
      >
        {queue.open ? "Close" : "Open"}
        <span className="visually-hidden"> {queue.name}</span>
      </Button>
      <Button
        variant="default"
        size="compact-sm"
        onClick={() => setWriting(true)}
        data-testid="write-to-queue"
      >
        Message<span className="visually-hidden"> to {queue.name}</span>…
      </Button>
      {writing && (
        <MessageDialog name={queue.name} to={{ queue: queue.id }} close={() => setWriting(false)} />
      )}
    </div>
  );
}

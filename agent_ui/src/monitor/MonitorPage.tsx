/** The supervisor's live monitor: queues, agents, waiting calls, calls in progress; pushed, each part with its age. */

import { Button, CloseButton, Portal } from "@mantine/core";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { MONITOR_SOCKET } from "../api";
import { MonitorConnection } from "../connection/monitorConnection";
import { AsOf, Late, Since } from "../parts/Age";
import { Icon } from "../parts/icons";
import { useSearch } from "../parts/routing";
import { Shell } from "../parts/Shell";
import { type Column, SortableTable } from "../parts/SortableTable";
import { useSession } from "../parts/session";
import { useCentre } from "../parts/useCentre";
import { useNow } from "../parts/useNow";
import { useStore } from "../parts/useStore";
import type { AgentRow, CallRow, Choice, QueueRow, WaitingRow } from "../protocol";
import { type Freshness, freshness as freshnessOf } from "../state/link";
import { knownAt, type MonitorState } from "../state/monitor";
import { countText, filterOf, shownRows } from "../state/monitorFilter";
import { roomFor, type Waiting } from "../state/monitorRoom";
import { presenceLook, reasonText } from "../state/presence";
import { ownSupervision } from "../state/supervision";
import { FilterBar } from "./FilterBar";
import { QueueCard } from "./QueueCard";
import { AgentMenu, ListenButton, WaitingMenu } from "./RowMenus";
import { SupervisionBar } from "./SupervisionBar";
import { type StationChoice, useStation } from "./station";
import { ActionsContext, useActions, useSupervisorActions } from "./supervise";

export default function MonitorPage({ onRefused }: { onRefused: () => void }) {
  const [connection] = useState(() => new MonitorConnection(MONITOR_SOCKET));
  const state = useStore(connection.store, (whole) => whole);
  const now = useNow();
  const freshness = freshnessOf(state.link, state.seq !== null, now);

  useEffect(() => {
    connection.start();
    return () => connection.stop();
  }, [connection]);
  useEffect(() => {
    if (freshness === "refused") onRefused();
  }, [freshness, onRefused]);

  return (
    <Shell title="Monitor">
      <div className="monitor fresh-area" data-stale={freshness === "stale"} data-testid="monitor">
        <h1 className="monitor-title">{state.centre === "" ? "Live monitor" : state.centre}</h1>
        <div role="status">
          <Trouble freshness={freshness} telephony={state.telephony} retry={connection.retryNow} />
        </div>
        {state.seq === null ? (
          <p className="empty" data-testid="monitor-loading">
            {freshness === "stale"
              ? "The server cannot be reached. This page tries again by itself."
              : "Loading…"}
          </p>
        ) : (
          <Sections state={state} stale={freshness !== "live"} />
        )}
      </div>
    </Shell>
  );
}

function Trouble({
  freshness,
  telephony,
  retry,
}: {
  freshness: Freshness;
  telephony: boolean;
  retry: () => void;
}) {
  if (freshness === "stale") {
    return (
      <div className="banner" data-tone="bad" data-testid="stale-banner">
        <Icon name="warning" />
        <div className="banner-text">
          The connection to the server is lost. The figures are old; their age stands beside them.
        </div>
        <Button size="compact-sm" variant="white" color="dark" onClick={retry}>
          Try now
        </Button>
      </div>
    );
  }
  if (telephony) return null;
  return (
    <div className="banner" data-tone="bad" data-testid="telephony-down">
      <Icon name="warning" />
      <div className="banner-text">
        The telephone system cannot be reached. What is shown of calls is as old as the figures say.
      </div>
    </div>
  );
}

function Sections({ state, stale }: { state: MonitorState; stale: boolean }) {
  const actions = useSupervisorActions();
  return (
    <ActionsContext value={actions}>
      <ToldBanner />
      <Tables state={state} stale={stale} />
    </ActionsContext>
  );
}

/** What became of the last thing that was asked for; outside of what turns grey, which would carry it off. */
function ToldBanner() {
  const { told, forget } = useActions();
  const undo = told?.undo ?? null;
  useEffect(() => {
    if (undo === null) return;
    // Together with Shift, as all keys of the monitor: Alt alone belongs to the console.
    const pressed = (event: KeyboardEvent) => {
      if (!event.altKey || !event.shiftKey || event.code !== "KeyU") return;
      event.preventDefault();
      undo();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [undo]);
  return (
    <Portal>
      <div role="status" className="told">
        {told !== null && (
          <div className="banner" data-tone={told.failed ? "bad" : "call"} data-testid="told">
            <Icon name={told.failed ? "warning" : "check"} />
            <div className="banner-text">{told.text}</div>
            {told.undo !== null && (
              <Button
                size="compact-sm"
                variant="white"
                color="dark"
                onClick={told.undo}
                aria-keyshortcuts="Alt+Shift+U"
                title="Alt+Shift+U"
                data-testid="undo-told"
              >
                Undo
              </Button>
            )}
            <CloseButton aria-label="Close" className="banner-close" onClick={forget} />
          </div>
        )}
      </div>
    </Portal>
  );
}

function Tables({ state, stale }: { state: MonitorState; stale: boolean }) {
  const { session } = useSession();
  const station = useStation();
  const own = ownSupervision(state.supervisions, session.user);
  const taken = own !== null && own.stage !== "ended";
  const names = useMemo(
    () => new Map([...state.queues.values()].map((queue) => [queue.id, queue.name])),
    [state.queues],
  );
  const centre = useCentre();
  const worksFor = useMemo(
    () => new Map(centre?.agents.map((agent) => [agent.id, agent.queues] as const)),
    [centre],
  );
  const filter = filterOf(useSearch());
  const all = useMemo(
    () => ({
      queues: [...state.queues.values()].sort(byName),
      agents: [...state.agents.values()],
      waiting: [...state.waiting.values()],
      // Who waits stands above already.
      calls: [...state.calls.values()].filter((call) => !state.waiting.has(call.id)),
    }),
    [state.queues, state.agents, state.waiting, state.calls],
  );
  const asOf = <AsOf heardAt={state.link.heardAt} stale={stale} />;
  // What is known of calls comes from the telephone system: while that is away it grows old.
  const callsAsOf = <AsOf heardAt={knownAt(state)} stale={stale || state.unheardSince !== null} />;
  const queueName = (id: string) => names.get(id) ?? id;
  const agentName = (id: string) => state.agents.get(id)?.name ?? id;
  const queuesOf = (id: string) => worksFor.get(id) ?? null;
  const { queues, agents, waiting, calls } = shownRows(all, filter, { agentName, queuesOf });
  const room = useRoom(waiting.length);
  const reasons = centre?.reasons ?? [];
  const offset = state.clockOffset;
  const ofAll =
    filter.text.trim() === "" ? "" : " These figures are of all calls of a queue, whatever the filter.";
  return (
    <>
      <SupervisionBar
        row={own}
        agent={own === null ? "" : agentName(own.agent)}
        offset={offset}
        station={station}
      />
      <FilterBar filter={filter} queues={all.queues} />
      <section className="monitor-section" aria-labelledby="queues-title" data-testid="monitor-queues">
        <SectionHead
          id="queues-title"
          title="Queues since midnight"
          count={
            queues.length === all.queues.length ? undefined : countText(queues.length, all.queues.length)
          }
          asOf={callsAsOf}
        />
        {queues.length === 0 ? (
          <p className="quiet">{emptyText("There are no queues.", all.queues.length)}</p>
        ) : (
          <ul className="queue-cards">
            {queues.map((queue) => (
              <QueueCard key={queue.id} queue={queue} offset={offset} />
            ))}
          </ul>
        )}
        <p className="formula" id="service-level-formula">
          Service level = answered within the target ÷ (answered + abandoned), without those who gave up
          within the short-abandon time.{ofAll}
        </p>
      </section>
      <div className="monitor-tables" data-waiting={room} data-testid="monitor-tables">
        <section className="card monitor-agents" aria-labelledby="agents-title" data-testid="monitor-agents">
          <SectionHead
            id="agents-title"
            title="Agents"
            count={countText(agents.length, all.agents.length)}
            asOf={asOf}
          />
          <SortableTable
            caption="Agents"
            testid="agents"
            columns={[...agentColumns(offset, queueName, reasons), AGENT_MENU]}
            rows={agents}
            initial={{ column: "name", descending: false }}
            empty={emptyText("Nobody is signed in.", all.agents.length)}
            rowData={(agent) => ({ "data-presence": agent.presence })}
          />
        </section>
        <div className="monitor-side">
          <section
            className="card monitor-waiting"
            aria-labelledby="waiting-title"
            data-testid="monitor-waiting"
          >
            <SectionHead
              id="waiting-title"
              title="Waiting calls"
              count={countText(waiting.length, all.waiting.length)}
              asOf={callsAsOf}
            />
            <SortableTable
              caption="Waiting calls"
              testid="waiting"
              columns={[...waitingColumns(offset, queueName, agentName), waitingMenu(all.queues)]}
              rows={waiting}
              initial={{ column: "since", descending: true }}
              empty={emptyText("Nobody waits.", all.waiting.length)}
            />
          </section>
          <section className="card monitor-calls" aria-labelledby="calls-title" data-testid="monitor-calls">
            <SectionHead
              id="calls-title"
              title="Calls in progress"
              count={countText(calls.length, all.calls.length)}
              asOf={callsAsOf}
            />
            <SortableTable
              caption="Calls in progress"
              testid="calls"
              columns={[
                ...callColumns(offset, queueName, agentName),
                listenColumn(agentName, taken, station),
              ]}
              rows={calls}
              initial={{ column: "since", descending: true }}
              empty={emptyText("No call is up.", all.calls.length)}
              rowData={(call) => ({ "data-phase": call.phase })}
            />
          </section>
        </div>
      </div>
    </>
  );
}

function useRoom(waiting: number): Waiting {
  const [room, setRoom] = useState<Waiting>("few");
  const next = roomFor(waiting, room);
  if (next !== room) setRoom(next);
  return next;
}

/** What stands in place of rows: that there are none, or that the filter hides them all. */
function emptyText(none: string, all: number): string {
  return all === 0 ? none : "None of them fits the filter.";
}

const MENU_WIDTH = "3.5rem";

const AGENT_MENU: Column<AgentRow> = {
  id: "menu",
  title: "",
  cell: (row) => <AgentMenu row={row} />,
  width: MENU_WIDTH,
};

function waitingMenu(queues: readonly QueueRow[]): Column<WaitingRow> {
  return {
    id: "menu",
    title: "",
    cell: (row) => <WaitingMenu row={row} queues={queues} />,
    width: MENU_WIDTH,
  };
}

function listenColumn(agentName: NameOf, taken: boolean, station: StationChoice): Column<CallRow> {
  return {
    id: "listen",
    title: "",
    cell: (row) => <ListenButton row={row} agent={agentName(row.agent)} taken={taken} station={station} />,
    width: "5.2rem",
  };
}

interface SectionHeadProps {
  id: string;
  title: string;
  count?: string | undefined;
  asOf: ReactNode;
}

function SectionHead({ id, title, count, asOf }: SectionHeadProps) {
  return (
    <div className="card-head">
      <h2 id={id} className="card-kicker">
        {title} {count !== undefined && <span className="count figure">{count}</span>}
      </h2>
      {asOf}
    </div>
  );
}

function byName(a: QueueRow, b: QueueRow): number {
  return a.name.localeCompare(b.name);
}

/** Room for a telephone number of 13 signs, which must not be cut off. */
const NUMBER_WIDTH = "9.6em";

/** What needs a supervisor's eye comes first. */
const PRESENCE_ORDER = ["offered", "talking", "wrap-up", "ready", "not-ready", "signed-out"];

type NameOf = (id: string) => string;

/** By how long it lasts, as it is shown: the longest is the one that began first. */
function sinceOrder(row: { since: string }): number {
  return -Date.parse(row.since);
}

/** A name that the tooltip tells whole where the column is too narrow. */
function Named({ children }: { children: string }) {
  return <span title={children}>{children}</span>;
}

function agentColumns(offset: number, queueName: NameOf, reasons: readonly Choice[]): Column<AgentRow>[] {
  return [
    {
      id: "name",
      title: "Agent",
      sortBy: (row) => row.name,
      cell: (row) => <Named>{row.name}</Named>,
      width: "16%",
    },
    {
      id: "presence",
      title: "Presence",
      sortBy: (row) => PRESENCE_ORDER.indexOf(row.presence),
      cell: (row) => <PresenceCell row={row} reasons={reasons} offset={offset} />,
      width: "22%",
    },
    {
      id: "since",
      title: "For",
      numeric: true,
      descendingFirst: true,
      sortBy: sinceOrder,
      cell: (row) => <Since since={row.since} offset={offset} />,
      width: "8.5%",
    },
    {
      id: "caller",
      title: "Caller",
      sortBy: (row) => row.caller || null,
      cell: (row) => <Named>{row.caller}</Named>,
      width: NUMBER_WIDTH,
    },
    {
      id: "queue",
      title: "Queue",
      sortBy: (row) => row.queue || null,
      cell: (row) => <Named>{row.queue === "" ? "" : queueName(row.queue)}</Named>,
    },
    {
      id: "handled",
      title: "Handled",
      numeric: true,
      descendingFirst: true,
      sortBy: (row) => row.handled,
      cell: (row) => row.handled,
      width: "11%",
    },
  ];
}

interface PresenceCellProps {
  row: AgentRow;
  reasons: readonly Choice[];
  offset: number;
}

function PresenceCell({ row, reasons, offset }: PresenceCellProps) {
  const reason = reasonText(row.reason, reasons);
  const look = presenceLook(row.presence, row.offered);
  return (
    <span className="presence-cell">
      <span className="presence-chip" data-presence={row.presence}>
        <Icon name={look.icon} size={14} /> {look.label}
      </span>
      {reason !== "" && (
        <span className="quiet" title={reason}>
          {reason}
        </span>
      )}
      {row.late_at !== null && <Late since={row.late_at} offset={offset} />}
    </span>
  );
}

function waitingColumns(offset: number, queueName: NameOf, agentName: NameOf): Column<WaitingRow>[] {
  return [
    {
      id: "since",
      title: "Waiting",
      numeric: true,
      descendingFirst: true,
      sortBy: sinceOrder,
      cell: (row) => <Since since={row.since} offset={offset} />,
      width: "15%",
    },
    {
      id: "caller",
      title: "Caller",
      sortBy: (row) => row.caller,
      cell: (row) => <Named>{row.caller}</Named>,
      width: NUMBER_WIDTH,
    },
    {
      id: "queue",
      title: "Queue",
      sortBy: (row) => queueName(row.queue),
      cell: (row) => <Named>{queueName(row.queue)}</Named>,
    },
    {
      id: "priority",
      title: "Prio",
      numeric: true,
      descendingFirst: true,
      sortBy: (row) => row.priority,
      cell: (row) => row.priority,
      width: "12%",
    },
    {
      id: "offered",
      title: "Offered to",
      sortBy: (row) => row.offered_to || null,
      cell: (row) => <Named>{agentName(row.offered_to)}</Named>,
      width: "18%",
    },
  ];
}

const CALL_PHASES: Record<string, string> = {
  dialog: "Dialog",
  waiting: "Waiting",
  dialling: "Being called",
  talking: "Talking",
  held: "On hold",
  transferring: "Given away, rings",
  outside: "With somebody outside",
};

/** What the monitor says of the recording of a call. */
const RECORDINGS: Record<string, string> = {
  on: "recorded",
  paused: "recording paused",
  impossible: "cannot be recorded",
  stalled: "recording is not written",
};

function callColumns(offset: number, queueName: NameOf, agentName: NameOf): Column<CallRow>[] {
  return [
    {
      id: "since",
      title: "For",
      numeric: true,
      descendingFirst: true,
      sortBy: sinceOrder,
      cell: (row) => <Since since={row.since} offset={offset} />,
      width: "15%",
    },
    {
      id: "caller",
      title: "Caller",
      sortBy: (row) => row.caller,
      cell: (row) => <Named>{row.caller}</Named>,
      width: NUMBER_WIDTH,
    },
    {
      id: "phase",
      title: "State",
      sortBy: (row) => row.phase,
      cell: (row) => (
        <>
          {CALL_PHASES[row.phase] ?? row.phase}
          {row.recording !== "" && (
            <span className="call-recording" data-state={row.recording} data-testid="call-recording">
              {RECORDINGS[row.recording] ?? row.recording}
            </span>
          )}
        </>
      ),
      width: "14%",
    },
    {
      id: "agent",
      title: "Agent",
      sortBy: (row) => agentName(row.agent) || null,
      cell: (row) => <Named>{agentName(row.agent)}</Named>,
      width: "16%",
    },
    {
      id: "queue",
      title: "Queue",
      sortBy: (row) => row.queue || null,
      cell: (row) => <Named>{row.queue === "" ? "" : queueName(row.queue)}</Named>,
    },
  ];
}

// Written by hand in the shape of the generated page; replaced by `caruso`'s generator.

export type Presence = "signed-out" | "not-ready" | "ready" | "offered" | "talking" | "wrap-up";

export interface Choice {
  id: string;
  name: string;
}

export interface PresenceView {
  presence: Presence;
  reason: string;
  since: string;
  until: string | null;
}

export interface ContactView {
  id: string;
  phase: string;
  caller_number: string;
  caller_name: string;
  entry_point: string;
  queue: string;
  queue_name: string;
  queued_at: string;
  waited_seconds: number;
  offered_at: string;
  connected_at: string | null;
  ended_at: string | null;
  muted: boolean;
  dispositions: Choice[];
  note: string;
}

export interface OptionView {
  value: string;
  label: string;
  key: string;
}

export interface TurnView {
  number: number;
  item: string;
  kind: string;
  texts: string[];
  hints: string[];
  type: string;
  options: OptionView[];
  required: boolean;
  minimum: string;
  maximum: string;
  pattern: string;
  answer: string;
  error: string;
  warning: boolean;
}

export interface TrailView {
  item: string;
  question: string;
  type: string;
  value: string;
  shown: string;
  channel: string;
  by: string;
  at: string;
  correctable: boolean;
  options: OptionView[];
}

export interface DialogView {
  run: string;
  script: string;
  title: string;
  language: string;
  turn: TurnView;
  trail: TrailView[];
  finished: boolean;
  outcome: string;
}

export interface HistoryView {
  id: string;
  at: string;
  channel: string;
  queue: string;
  agent: string;
  disposition: string;
  note: string;
  talk_seconds: number;
  answers: [string, string][];
}

export interface CustomerView {
  id: string;
  name: string;
  numbers: string[];
  email: string;
  attributes: Record<string, string>;
  history: HistoryView[];
}

export interface QueueTile {
  id: string;
  name: string;
  waiting: number;
  oldest: string | null;
  ready: number;
}

export interface StationView {
  kind: string;
  reachable: boolean | null;
}

export interface DeskView {
  type: "desk";
  seq: number;
  now: string;
  agent: string;
  name: string;
  station: StationView;
  presence: PresenceView;
  reasons: Choice[];
  queues: QueueTile[];
  telephony: boolean;
  contact: ContactView | null;
  dialog: DialogView | null;
  customer: CustomerView | null;
}

export interface AgentRow {
  id: string;
  name: string;
  presence: Presence;
  reason: string;
  since: string;
  queue: string;
  caller: string;
  handled: number;
}

export interface WaitingRow {
  id: string;
  queue: string;
  caller: string;
  since: string;
  priority: number;
  offered_to: string;
}

export interface CallRow {
  id: string;
  phase: string;
  caller: string;
  agent: string;
  queue: string;
  since: string;
}

export interface QueueRow {
  id: string;
  name: string;
  waiting: number;
  oldest: string | null;
  ready: number;
  talking: number;
  entered: number;
  answered: number;
  answered_in_target: number;
  abandoned: number;
  short_abandoned: number;
  flowed_out: number;
  lost: number;
  service_level: number | null;
  target_seconds: number;
  average_answer_seconds: number | null;
  longest_wait_seconds: number;
}

export interface MonitorView {
  type: "monitor";
  seq: number;
  now: string;
  whole: boolean;
  agents: AgentRow[];
  waiting: WaitingRow[];
  calls: CallRow[];
  queues: QueueRow[];
  gone_waiting: string[];
  gone_calls: string[];
  gone_agents: string[];
  telephony: boolean;
  centre: string;
}

export interface Problem {
  code: string;
  message: string;
}

export interface Reply {
  type: "reply";
  id: number;
  problem: Problem | null;
}

export interface Notice {
  type: "notice";
  code: string;
  message: string;
}

export type DeskCommand =
  | { type: "go-ready"; id: number }
  | { type: "go-not-ready"; id: number; reason?: string }
  | { type: "sign-out"; id: number }
  | { type: "choose-station"; id: number; kind: string }
  | { type: "accept"; id: number; contact: string }
  | { type: "decline"; id: number; contact: string }
  | { type: "hang-up"; id: number; contact: string }
  | { type: "hold"; id: number; contact: string; on: boolean }
  | { type: "mute"; id: number; contact: string; on: boolean }
  | { type: "digits"; id: number; contact: string; digits: string }
  | { type: "answer"; id: number; run: string; turn: number; text: string }
  | { type: "confirm"; id: number; run: string; turn: number }
  | { type: "back"; id: number; run: string; turn: number }
  | { type: "correct"; id: number; run: string; item: string; text: string }
  | { type: "note"; id: number; contact: string; text: string }
  | { type: "finish"; id: number; contact: string; disposition: string; note?: string };

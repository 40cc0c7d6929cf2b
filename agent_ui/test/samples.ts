/** Views as a server would send them, to be varied by tests. */

import type {
  ContactView,
  DeskView,
  DialogView,
  MessageOfferView,
  MonitorView,
  QueueRow,
  StationView,
  TrailView,
  TurnView,
} from "../src/protocol";

export function station(change: Partial<StationView> = {}): StationView {
  return {
    kind: "browser",
    reachable: true,
    fixed: false,
    number: "",
    nailed_up: false,
    line: "",
    numbers: true,
    lines: true,
    confirm_key: "1",
    ...change,
  };
}

export function desk(change: Partial<DeskView> = {}): DeskView {
  return {
    type: "desk",
    seq: 1,
    now: "2026-03-01T10:00:00Z",
    agent: "anna",
    name: "Anna",
    station: station(),
    presence: {
      presence: "ready",
      reason: "",
      since: "2026-03-01T09:59:00Z",
      until: null,
      next: "",
      next_reason: "",
      late_at: null,
    },
    reasons: [{ id: "break", name: "Break" }],
    queues: [],
    telephony: true,
    messages: [],
    tasks: 0,
    outside: false,
    contact: null,
    message_offer: null,
    message: null,
    dialog: null,
    customer: null,
    ...change,
  };
}

export function messageOffer(change: Partial<MessageOfferView> = {}): MessageOfferView {
  return {
    id: "voicemail-1",
    queue: "billing",
    queue_name: "Billing",
    number: "+4930555001",
    name: "",
    received_at: "2026-03-01T09:30:00Z",
    seconds: 12,
    for_me: false,
    priority: -10,
    until: "2026-03-01T10:00:20Z",
    why: null,
    ...change,
  };
}

export function contact(change: Partial<ContactView> = {}): ContactView {
  return {
    id: "c1",
    phase: "talking",
    caller_number: "+4930555001",
    caller_name: "",
    entry_point: "Service",
    queue: "meter",
    queue_name: "Meter reading",
    queued_at: "2026-03-01T09:59:00Z",
    waited_seconds: 12,
    offered_at: "2026-03-01T09:59:12Z",
    connected_at: "2026-03-01T09:59:20Z",
    ended_at: null,
    muted: false,
    mine: true,
    parties: [],
    from_agent: "",
    purpose: "",
    called_back: false,
    reached: true,
    notes: [],
    extensions_left: 0,
    extension_seconds: 0,
    dispositions: [],
    disposition: "",
    note: "",
    watchers: [],
    recording: null,
    why: null,
    taken_over_by: "",
    ...change,
  };
}

export function dialog(change: Partial<DialogView> = {}): DialogView {
  return {
    run: "run1",
    script: "move",
    title: "Moving house",
    language: "en",
    turn: turn(),
    trail: [],
    finished: false,
    outcome: "",
    channel: "agent",
    shareable: true,
    read_only: false,
    link: "",
    link_until: null,
    link_state: "",
    link_to: "",
    link_problem: "",
    draft: {},
    ...change,
  };
}

export function told(change: Partial<TrailView> = {}): TrailView {
  return {
    item: "street",
    question: "Where do you move to?",
    type: "text",
    value: "Main Street 1",
    shown: "Main Street 1",
    channel: "phone",
    by: "",
    at: "2026-03-01T09:59:00Z",
    correctable: true,
    options: [],
    currency: "",
    private: false,
    ...change,
  };
}

export function turn(change: Partial<TurnView> = {}): TurnView {
  return {
    number: 1,
    item: "reading",
    kind: "question",
    texts: ["What does the meter show?"],
    hints: [],
    type: "integer",
    options: [],
    required: true,
    minimum: "",
    maximum: "",
    pattern: "",
    answer: "",
    shown: "",
    error: "",
    warning: false,
    links: [],
    mask: "",
    currency: "",
    read_only: false,
    private: false,
    time_limit_seconds: null,
    title: "",
    questions: [],
    offers: [],
    may_go_back: true,
    hand_to: "",
    ...change,
  };
}

export function monitor(change: Partial<MonitorView> = {}): MonitorView {
  return {
    type: "monitor",
    seq: 1,
    now: "2026-03-01T10:00:00Z",
    whole: true,
    agents: [],
    waiting: [],
    calls: [],
    queues: [],
    supervisions: [],
    gone_waiting: [],
    gone_calls: [],
    gone_agents: [],
    telephony: true,
    unheard_since: null,
    centre: "Northern Light",
    ...change,
  };
}

export function queueRow(change: Partial<QueueRow> = {}): QueueRow {
  return {
    id: "meter",
    name: "Meter reading",
    waiting: 0,
    oldest: null,
    ready: 0,
    talking: 0,
    entered: 0,
    answered: 0,
    answered_in_target: 0,
    abandoned: 0,
    short_abandoned: 0,
    flowed_out: 0,
    call_back: 0,
    transferred: 0,
    lost: 0,
    service_level: null,
    target_seconds: 20,
    average_answer_seconds: null,
    longest_wait_seconds: 0,
    callbacks: 0,
    voicemails: 0,
    oldest_voicemail: null,
    voicemails_received: 0,
    voicemails_handled: 0,
    voicemail_listen_seconds: null,
    voicemail_reply_seconds: null,
    open: true,
    ...change,
  };
}

/** The server's HTTP interface, as far as the console needs it. Everything else comes over the sockets. */

import type {
  AccessLine,
  CallbackLine,
  CentreSummary,
  ContactDetail,
  ContactPage,
  CustomerCard,
  DecidedAgain,
  Decision,
  Failure,
  Finding,
  LoggedAccessLine,
  MessageReceipt,
  Outline,
  Phone,
  RecordingLine,
  ReportFormatSummary,
  ReportSummary,
  ReportTable,
  SupervisionMode,
  SupervisionStarted,
  TargetView,
  TaskBody,
  TaskChange,
  TaskLine,
  TaskState,
  VoicemailLine,
  WhoAmI,
} from "./protocol";

export const DESK_SOCKET = "/ws/console";
export const MONITOR_SOCKET = "/ws/monitor";

/** The server's code for a session that is over, or never was. */
const NOT_SIGNED_IN = "not-signed-in";

/** A refusal, or no answer at all (`status` 0). `message` is for the person. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  /** Seconds, when the server said so. */
  readonly retryAfter: number | null;
  /** Which part of what was asked is mistaken, by its name in the API; empty when it is none. */
  readonly part: string;

  constructor(
    status: number,
    code: string,
    message: string,
    retryAfter: number | null = null,
    part: string = "",
  ) {
    super(message);
    this.part = part;
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Which part of what was asked is mistaken; empty when it is none. */
export function problemPart(error: unknown): string {
  return error instanceof ApiProblem ? error.part : "";
}

/** What the server says went wrong; `otherwise` when it does not say. */
export function problemText(error: unknown, otherwise = "Something went wrong."): string {
  return error instanceof ApiProblem ? error.message : otherwise;
}

let csrfToken = "";

const overListeners = new Set<() => void>();

/** Be told whenever the server answers that nobody is signed in; returns what ends it. */
export function onSessionOver(listener: () => void): () => void {
  overListeners.add(listener);
  return () => {
    overListeners.delete(listener);
  };
}

/** Who is signed in, or null. Any other failure is thrown. */
export async function readSession(): Promise<WhoAmI | null> {
  try {
    return remembered(await call<WhoAmI>("GET", "/api/session"));
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) return null;
    throw error;
  }
}

export async function signIn(user: string, password: string): Promise<WhoAmI> {
  return remembered(await call<WhoAmI>("POST", "/api/session", { user, password }));
}

/** Throws where the server did not end the session: whoever has this browser would still be signed in. */
export async function signOut(): Promise<void> {
  try {
    await call("DELETE", "/api/session");
  } catch (error) {
    if (!(error instanceof ApiProblem && error.status === 401)) throw error;
  }
  csrfToken = "";
}

/** False only when the server says so: a server that cannot be reached has not signed anybody out. */
export async function isSignedIn(): Promise<boolean> {
  try {
    return (await readSession()) !== null;
  } catch {
    return true;
  }
}

export function readPhone(): Promise<Phone> {
  return call("GET", "/api/phone");
}

export function readCentre(signal: AbortSignal): Promise<CentreSummary> {
  return call("GET", "/api/centre", undefined, signal);
}

/** `query` is that of the API. */
export function readContacts(query: string, signal: AbortSignal): Promise<ContactPage> {
  return call("GET", `/api/contacts?${query}`, undefined, signal);
}

export function readContact(id: string, signal: AbortSignal): Promise<ContactDetail> {
  return call("GET", `/api/contacts/${encodeURIComponent(id)}`, undefined, signal);
}

export function readRecordings(contact: string, signal: AbortSignal): Promise<RecordingLine[]> {
  return call("GET", `/api/contacts/${encodeURIComponent(contact)}/recordings`, undefined, signal);
}

export function readOutline(recording: string, signal: AbortSignal): Promise<Outline> {
  return call("GET", `/api/recordings/${encodeURIComponent(recording)}/outline`, undefined, signal);
}

export function readAccesses(recording: string, signal: AbortSignal): Promise<AccessLine[]> {
  return call("GET", `/api/recordings/${encodeURIComponent(recording)}/accesses`, undefined, signal);
}

/** Who did what with any recording; `query` is that of the API. */
export function readAccessLog(query: string, signal: AbortSignal): Promise<LoggedAccessLine[]> {
  return call("GET", `/api/recording-accesses?${query}`, undefined, signal);
}

export function holdRecording(recording: string, held: boolean, reason: string): Promise<void> {
  return call("POST", `/api/recordings/${encodeURIComponent(recording)}/hold`, { held, reason });
}

export function deleteRecording(recording: string, reason: string): Promise<void> {
  const query = new URLSearchParams({ reason });
  return call("DELETE", `/api/recordings/${encodeURIComponent(recording)}?${query}`);
}

/** Where the sound of a recording is, to be played or to be saved. */
export function recordedSound(recording: string, download = false): string {
  return `/recordings/${encodeURIComponent(recording)}.wav${download ? "?download=1" : ""}`;
}

export function readReports(signal: AbortSignal): Promise<ReportSummary[]> {
  return call("GET", "/api/reports", undefined, signal);
}

export function readReportFormats(signal: AbortSignal): Promise<ReportFormatSummary[]> {
  return call("GET", "/api/report-formats", undefined, signal);
}

/** `query` is that of the API. */
export function readReport(report: string, query: string, signal: AbortSignal): Promise<ReportTable> {
  return call("GET", `/api/reports/${encodeURIComponent(report)}?${query}`, undefined, signal);
}

export interface ReportFile {
  /** As what the server would have it kept. */
  name: string;
  content: Blob;
}

export async function readReportFile(report: string, format: string, query: string): Promise<ReportFile> {
  const path = `/api/reports/${encodeURIComponent(report)}/file/${encodeURIComponent(format)}?${query}`;
  const response = await answered(path, { credentials: "same-origin" });
  if (!response.ok) throw await problemOf(response);
  const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  return { name: named ?? `${report}.${format}`, content: await response.blob() };
}

/** Why the contact was offered to whom; for supervisors. */
export function readDecisions(id: string, signal: AbortSignal): Promise<Decision[]> {
  return call("GET", `/api/contacts/${encodeURIComponent(id)}/decisions`, undefined, signal);
}

/** What today's rules make of the same moments. */
export function decideAgain(id: string): Promise<DecidedAgain[]> {
  return call("GET", `/api/contacts/${encodeURIComponent(id)}/decisions/again`);
}

export function readTransferTargets(signal: AbortSignal): Promise<TargetView[]> {
  return call("GET", "/api/transfer-targets", undefined, signal);
}

export function readCallbacks(signal: AbortSignal): Promise<CallbackLine[]> {
  return call("GET", "/api/callbacks", undefined, signal);
}

export async function startSupervision(
  contact: string,
  mode: SupervisionMode,
  phone: string,
): Promise<string> {
  const path = `/api/calls/${encodeURIComponent(contact)}/supervision`;
  return (await call<SupervisionStarted>("POST", path, { mode, phone })).id;
}

export function changeSupervision(id: string, mode: SupervisionMode): Promise<void> {
  return call("POST", `/api/supervisions/${encodeURIComponent(id)}/mode`, { mode });
}

export function takeOver(id: string): Promise<void> {
  return call("POST", `/api/supervisions/${encodeURIComponent(id)}/take-over`);
}

export function stopSupervision(id: string): Promise<void> {
  return call("DELETE", `/api/supervisions/${encodeURIComponent(id)}`);
}

export function forcePresence(agent: string, presence: string): Promise<void> {
  return call("POST", `/api/agents/${encodeURIComponent(agent)}/presence`, { presence });
}

export function moveWaiting(contact: string, queue: string): Promise<void> {
  return call("POST", `/api/waiting/${encodeURIComponent(contact)}/move`, { queue });
}

export function prioritiseWaiting(contact: string, priority: number): Promise<void> {
  return call("POST", `/api/waiting/${encodeURIComponent(contact)}/priority`, { priority });
}

export function switchQueue(queue: string, open: boolean): Promise<void> {
  return call("POST", `/api/queues/${encodeURIComponent(queue)}/open`, { open });
}

/** Returns to how many agents it goes. */
export async function sendMessage(
  to: { agents: string[] } | { queue: string },
  text: string,
): Promise<number> {
  return (await call<MessageReceipt>("POST", "/api/messages", { ...to, text })).agents;
}

export type CallbackMove = "take" | "give-back" | "done" | "cancel";

/** Refused (409) when somebody else has changed it since it was read. */
export function moveCallback(line: CallbackLine, move: CallbackMove): Promise<CallbackLine> {
  const path = `/api/callbacks/${encodeURIComponent(line.id)}/${move}`;
  return call("POST", path, { version: line.version });
}

export function readVoicemails(signal: AbortSignal): Promise<VoicemailLine[]> {
  return call("GET", "/api/voicemails", undefined, signal);
}

export function readVoicemail(id: string, signal: AbortSignal): Promise<VoicemailLine> {
  return call("GET", voicemailPath(id), undefined, signal);
}

export function readVoicemailOutline(id: string, signal: AbortSignal): Promise<Outline> {
  return call("GET", `${voicemailPath(id)}/outline`, undefined, signal);
}

export function voicemailSound(id: string): string {
  return `/voicemails/${encodeURIComponent(id)}/sound`;
}

export type VoicemailMove =
  | { move: "take" | "give-back" }
  | { move: "call"; number?: string }
  | { move: "give"; queue: string; agent: string | null }
  | { move: "done"; disposition: string; note: string };

/** Refused (409) when somebody else has changed it since it was read. */
export function moveVoicemail(line: VoicemailLine, { move, ...body }: VoicemailMove): Promise<VoicemailLine> {
  return call("POST", `${voicemailPath(line.id)}/${move}`, { version: line.version, ...body });
}

function voicemailPath(id: string): string {
  return `/api/voicemails/${encodeURIComponent(id)}`;
}

export function readCustomer(id: string, signal: AbortSignal): Promise<CustomerCard> {
  return call("GET", `/api/customers/${encodeURIComponent(id)}`, undefined, signal);
}

export function readTasks(state: TaskState, signal: AbortSignal): Promise<TaskLine[]> {
  return call("GET", `/api/tasks?state=${state}`, undefined, signal);
}

export function makeTask(task: TaskBody): Promise<TaskLine> {
  return call("POST", "/api/tasks", task);
}

/** Refused (409) when somebody else has changed it since it was read; so are the next two. */
export function finishTask(line: TaskLine, done: boolean): Promise<TaskLine> {
  const path = `/api/tasks/${encodeURIComponent(line.id)}/${done ? "done" : "reopen"}`;
  return call("POST", path, { version: line.version });
}

export function changeTask(line: TaskLine, change: Omit<TaskChange, "version">): Promise<TaskLine> {
  return call("PATCH", `/api/tasks/${encodeURIComponent(line.id)}`, { version: line.version, ...change });
}

export interface KeptFile {
  id: string;
  name: string;
}

/** Keep a file as the answer to a question of the dialog at the desk; the answer names its id. */
export async function keepFile(run: string, item: string, file: File): Promise<KeptFile> {
  const query = new URLSearchParams({ run, item, name: file.name });
  const response = await answered(`/desk/files?${query}`, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRF-Token": csrfToken },
    credentials: "same-origin",
    body: file,
  });
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as KeptFile;
}

function remembered(session: WhoAmI): WhoAmI {
  csrfToken = session.csrf_token;
  return session;
}

async function call<Result>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Result> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = csrfToken;
  const response = await answered(path, {
    method,
    headers,
    credentials: "same-origin",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await response.json()) as Result;
}

async function answered(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiProblem(0, "unreachable", "The server cannot be reached.");
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => null);
  const { code, message, part } = failureOf(body);
  if (code === NOT_SIGNED_IN) for (const listener of overListeners) listener();
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new ApiProblem(
    response.status,
    code || `http-${response.status}`,
    message || `The server answered ${response.status}.`,
    Number.isFinite(retryAfter) ? retryAfter : null,
    part,
  );
}

/** The failure as the server tells it; of one made of mistakes their texts, and which part the first is in. */
function failureOf(body: unknown): { code: string; message: string; part: string } {
  if (typeof body !== "object" || body === null) return { code: "", message: "", part: "" };
  const { code, message, findings } = body as Partial<Record<keyof Failure, unknown>>;
  const mistakes = Array.isArray(findings) ? (findings as Finding[]) : [];
  return {
    code: typeof code === "string" ? code : "",
    message: mistakes.map((one) => one.message).join(" ") || (typeof message === "string" ? message : ""),
    part: mistakes[0]?.attribute ?? "",
  };
}

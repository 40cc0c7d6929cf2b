/** The server's HTTP interface, as far as the console needs it. Everything else comes over the sockets. */

export const DESK_SOCKET = "/ws/desk";
export const MONITOR_SOCKET = "/ws/monitor";

export type Role = "agent" | "supervisor" | "admin";

export interface SessionInfo {
  user: string;
  name: string;
  role: Role;
  /** Null for somebody who takes no contacts. */
  agent: string | null;
  centre: string;
  csrf_token: string;
}

export interface PhoneAccount {
  uri: string;
  username: string;
  secret: string;
  server: string;
}

export interface PastContact {
  id: string;
  channel: string;
  arrived_at: string;
  ended_at: string | null;
  entry_point: string | null;
  caller_number: string;
  customer: string | null;
  queue: string | null;
  agent: string | null;
  queue_outcome: string;
  waited_seconds: number;
  talk_seconds: number;
  cause: string;
  disposition: string;
  note: string;
  answers: [string, string][];
}

/** A refusal, or no answer at all (`status` 0). `message` is for the person. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  /** Seconds, when the server said so. */
  readonly retryAfter: number | null;

  constructor(status: number, code: string, message: string, retryAfter: number | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

let csrfToken = "";

/** Who is signed in, or null. Any other failure is thrown. */
export async function readSession(): Promise<SessionInfo | null> {
  try {
    return remembered(await call<SessionInfo>("GET", "/api/session"));
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) return null;
    throw error;
  }
}

export async function signIn(user: string, password: string): Promise<SessionInfo> {
  return remembered(await call<SessionInfo>("POST", "/api/session", { user, password }));
}

export async function signOut(): Promise<void> {
  await call("DELETE", "/api/session");
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

export function readPhone(): Promise<PhoneAccount> {
  return call("GET", "/api/phone");
}

export interface ContactPage {
  contacts: PastContact[];
  more: boolean;
}

/** The names behind ids. */
export interface CentreSummary {
  name: string;
  queues: { id: string; name: string; dispositions: { id: string; name: string }[] }[];
  agents: { id: string; name: string }[];
  reasons: { id: string; name: string }[];
  entry_points: { id: string; name: string }[];
}

export function readCentre(signal: AbortSignal): Promise<CentreSummary> {
  return call("GET", "/api/centre", undefined, signal);
}

export interface ContactsQuery {
  since: string;
  until: string;
  limit: number;
  offset: number;
}

export function readContacts(query: ContactsQuery, signal: AbortSignal): Promise<ContactPage> {
  const params = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  return call("GET", `/api/contacts?${params}`, undefined, signal);
}

export function readContact(id: string, signal: AbortSignal): Promise<PastContact> {
  return call("GET", `/api/contacts/${encodeURIComponent(id)}`, undefined, signal);
}

function remembered(session: SessionInfo): SessionInfo {
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
  const { code, message } = codeAndMessage(body);
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new ApiProblem(
    response.status,
    code || `http-${response.status}`,
    message || `The server answered ${response.status}.`,
    Number.isFinite(retryAfter) ? retryAfter : null,
  );
}

function codeAndMessage(body: unknown): { code: string; message: string } {
  if (typeof body !== "object" || body === null) return { code: "", message: "" };
  const code = "code" in body && typeof body.code === "string" ? body.code : "";
  const message = "message" in body && typeof body.message === "string" ? body.message : "";
  return { code, message };
}

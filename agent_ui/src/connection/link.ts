/**
 * A WebSocket that comes back: opens, listens, notices silence, waits, opens again. Knows nothing of what it carries.
 */

import { DEAD_AFTER_MS, type LinkState, retryDelayMs } from "../state/link";

export interface LinkListener {
  changed(change: Partial<LinkState>): void;
  received(message: unknown): void;
  /** The socket could not be opened. True: the session is over, so that trying again is useless. */
  isRefused(): Promise<boolean>;
}

/** A socket that was open for less is no success: the next attempt waits longer than the one before. */
const STEADY_MS = 3_000;

export class Link {
  private readonly path: string;
  private readonly listener: LinkListener;
  private socket: WebSocket | null = null;
  private attempt = 0;
  private retryTimer: number | undefined;
  private silenceTimer: number | undefined;
  private steadyTimer: number | undefined;
  private running = false;

  constructor(path: string, listener: LinkListener) {
    this.path = path;
    this.listener = listener;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    window.addEventListener("online", this.retryNow);
    this.open();
  }

  stop(): void {
    this.running = false;
    window.removeEventListener("online", this.retryNow);
    window.clearTimeout(this.retryTimer);
    this.drop();
  }

  /** Ends with `phase`, and stays so until `start`. */
  end(phase: "elsewhere" | "refused"): void {
    this.stop();
    this.listener.changed({ phase, since: Date.now(), retryAt: null });
  }

  /** True when it has been handed to the network; whether it arrived, the reply tells. */
  send(message: unknown): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  readonly retryNow = (): void => {
    if (!this.running || this.socket?.readyState === WebSocket.OPEN) return;
    window.clearTimeout(this.retryTimer);
    this.open();
  };

  /** Close this socket and open another, for a fresh snapshot. */
  reopen(): void {
    this.drop();
    this.lost();
  }

  private open(): void {
    this.drop();
    const url = new URL(this.path, window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket = socket;
    this.listener.changed({ phase: "connecting", since: Date.now(), retryAt: null });
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.steadyTimer = window.setTimeout(() => {
        this.attempt = 0;
      }, STEADY_MS);
      this.heard();
      this.listener.changed({ phase: "open", since: Date.now(), stopping: false });
    };
    socket.onmessage = (event) => {
      this.heard();
      this.listener.received(parsed(event.data));
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (opened) this.lost();
      else void this.failed();
    };
  }

  private async failed(): Promise<void> {
    const refused = await this.listener.isRefused();
    if (!this.running || this.socket !== null) return;
    if (refused) this.end("refused");
    else this.lost();
  }

  private lost(): void {
    window.clearTimeout(this.silenceTimer);
    window.clearTimeout(this.steadyTimer);
    window.clearTimeout(this.retryTimer);
    if (!this.running) return;
    this.attempt += 1;
    const delay = retryDelayMs(this.attempt, Math.random());
    const now = Date.now();
    this.listener.changed({ phase: "waiting", since: now, retryAt: now + delay });
    this.retryTimer = window.setTimeout(() => this.open(), delay);
  }

  private heard(): void {
    window.clearTimeout(this.silenceTimer);
    this.silenceTimer = window.setTimeout(() => this.reopen(), DEAD_AFTER_MS);
  }

  private drop(): void {
    window.clearTimeout(this.silenceTimer);
    window.clearTimeout(this.steadyTimer);
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}

function parsed(data: unknown): unknown {
  try {
    return typeof data === "string" ? JSON.parse(data) : null;
  } catch {
    return null;
  }
}

/** The supervisor's monitor over its socket. A gap in the sequence opens the socket anew, for a whole view. */

import { isSignedIn } from "../api";
import type { Notice } from "../protocol";
import { initialMonitor, type MonitorEvent, type MonitorState, reduceMonitor } from "../state/monitor";
import { Store } from "../state/store";
import { asIncoming } from "./incoming";
import { Link } from "./link";

export class MonitorConnection {
  readonly store = new Store<MonitorState, MonitorEvent>(reduceMonitor, initialMonitor);
  private readonly link: Link;

  constructor(path: string) {
    this.link = new Link(path, {
      changed: (change) => this.store.dispatch({ kind: "link", link: change }),
      received: (message) => this.received(message),
      isRefused: async () => !(await isSignedIn()),
    });
  }

  start(): void {
    this.link.start();
  }

  stop(): void {
    this.link.stop();
  }

  readonly retryNow = (): void => this.link.retryNow();

  private received(message: unknown): void {
    const incoming = asIncoming(message);
    const at = Date.now();
    if (incoming?.type === "monitor") this.store.dispatch({ kind: "view", view: incoming, at });
    else this.store.dispatch({ kind: "heard", at });
    if (incoming?.type === "notice") this.noticed(incoming);
    if (this.store.get().gap) this.link.reopen();
  }

  private noticed(notice: Notice): void {
    if (notice.code === "session-ended") this.link.end("refused");
    else if (notice.code === "server-stopping")
      this.store.dispatch({ kind: "link", link: { stopping: true } });
  }
}

/** The agent's desk over its socket: views in, commands out, each reply matched to its command. Owns the store. */

import { isSignedIn } from "../api";
import type { DeskCommand, Notice, Problem } from "../protocol";
import { type DeskEvent, type DeskState, initialDesk, reduceDesk } from "../state/desk";
import { Store } from "../state/store";
import { asIncoming } from "./incoming";
import { Link } from "./link";

type WithoutId<Command> = Command extends unknown ? Omit<Command, "id"> : never;
export type CommandBody = WithoutId<DeskCommand>;

const NOT_CONNECTED: Problem = { code: "not-connected", message: "There is no connection to the server." };
const NOT_CONFIRMED: Problem = {
  code: "not-confirmed",
  message: "The connection broke before the server confirmed.",
};

export class DeskConnection {
  readonly store = new Store<DeskState, DeskEvent>(reduceDesk, initialDesk);
  private readonly link: Link;
  private readonly waiting = new Map<number, (problem: Problem | null) => void>();
  private nextId = 1;

  constructor(path: string) {
    this.link = new Link(path, {
      changed: (change) => {
        this.store.dispatch({ kind: "link", link: change });
        if (change.phase !== undefined && change.phase !== "open") this.failWaiting();
      },
      received: (message) => this.received(message),
      isRefused: async () => !(await isSignedIn()),
    });
  }

  start(): void {
    this.link.start();
  }

  stop(): void {
    this.link.stop();
    this.failWaiting();
  }

  readonly retryNow = (): void => this.link.retryNow();

  /** Begin anew: opening a desk signs the agent in to her queues. */
  readonly reopen = (): void => this.link.reopen();

  readonly dismiss = (key: number): void => this.store.dispatch({ kind: "dismissed", key });

  /** Send a command; resolves with the server's problem, or null when it was accepted. Never rejects. */
  readonly send = (body: CommandBody): Promise<Problem | null> => {
    const id = this.nextId;
    this.nextId += 1;
    if (!this.link.send({ ...body, id })) return Promise.resolve(NOT_CONNECTED);
    this.store.dispatch({ kind: "sent", id, type: body.type, at: Date.now() });
    return new Promise((resolve) => this.waiting.set(id, resolve));
  };

  private received(message: unknown): void {
    const incoming = asIncoming(message);
    const at = Date.now();
    switch (incoming?.type) {
      case "desk":
        return this.store.dispatch({ kind: "view", view: incoming, at });
      case "reply":
        this.store.dispatch({ kind: "replied", id: incoming.id, problem: incoming.problem ?? null, at });
        this.settle(incoming.id, incoming.problem ?? null);
        return;
      case "notice":
        return this.noticed(incoming);
      default:
        return this.store.dispatch({ kind: "heard", at });
    }
  }

  private noticed(notice: Notice): void {
    if (notice.code === "signed-in-elsewhere") this.link.end("elsewhere");
    else if (notice.code === "session-ended") this.link.end("refused");
    else if (notice.code === "server-stopping")
      this.store.dispatch({ kind: "link", link: { stopping: true } });
  }

  private settle(id: number, problem: Problem | null): void {
    this.waiting.get(id)?.(problem);
    this.waiting.delete(id);
  }

  private failWaiting(): void {
    for (const id of [...this.waiting.keys()]) this.settle(id, NOT_CONFIRMED);
  }
}

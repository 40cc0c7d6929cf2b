/** A value that only a reducer changes. Knows no React; `useStore` (parts/) is the one bridge to it. */

export class Store<State, Event> {
  private readonly reduce: (state: State, event: Event) => State;
  private state: State;
  private readonly listeners = new Set<() => void>();

  constructor(reduce: (state: State, event: Event) => State, initial: State) {
    this.reduce = reduce;
    this.state = initial;
  }

  readonly get = (): State => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  dispatch(event: Event): void {
    const next = this.reduce(this.state, event);
    if (next === this.state) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }
}

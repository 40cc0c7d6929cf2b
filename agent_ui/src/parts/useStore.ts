import { useSyncExternalStore } from "react";
import type { Store } from "../state/store";

/** The one bridge from state to views. `select` must return the same value while nothing of it changed. */
export function useStore<State, Event, Part>(
  store: Store<State, Event>,
  select: (state: State) => Part,
): Part {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}

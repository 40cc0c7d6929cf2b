/** Sorting of tables: stable, empty values last whatever the direction. */

export interface Sorting {
  column: string;
  descending: boolean;
}

export type SortValue = string | number | null;

/** Clicking a column sorts by it; clicking it again turns the order round. */
export function nextSorting(sorting: Sorting, column: string, descendingFirst = false): Sorting {
  if (sorting.column !== column) return { column, descending: descendingFirst };
  return { column, descending: !sorting.descending };
}

export function sortRows<Row>(
  rows: readonly Row[],
  value: (row: Row) => SortValue,
  descending: boolean,
): readonly Row[] {
  return [...rows].sort((a, b) => compare(value(a), value(b), descending));
}

function compare(a: SortValue, b: SortValue, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order =
    typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a).localeCompare(String(b), undefined, { numeric: true });
  return descending ? -order : order;
}

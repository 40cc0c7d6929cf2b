/** A table whose columns sort. Its height is kept while rows come and go, so that nothing below jumps. */

import { type ReactNode, useState } from "react";
import { nextSorting, type Sorting, type SortValue, sortRows } from "../state/sorting";
import { TableScroll } from "./TableScroll";

export interface Column<Row> {
  id: string;
  title: string;
  /** What the column sorts by; a column of buttons does not. */
  sortBy?: (row: Row) => SortValue;
  cell: (row: Row) => ReactNode;
  numeric?: boolean;
  width?: string;
  /** The first click shows the greatest first. */
  descendingFirst?: boolean;
}

interface SortableTableProps<Row extends { id: string }> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  initial: Sorting;
  empty: string;
  testid: string;
  rowData?: (row: Row) => Record<`data-${string}`, string>;
}

export function SortableTable<Row extends { id: string }>({
  caption,
  columns,
  rows,
  initial,
  empty,
  testid,
  rowData,
}: SortableTableProps<Row>) {
  const [sorting, setSorting] = useState(initial);
  const sorted = columns.find((column) => column.id === sorting.column);
  const shown = sorted?.sortBy === undefined ? rows : sortRows(rows, sorted.sortBy, sorting.descending);
  return (
    <TableScroll label={caption}>
      <table className="table" data-testid={testid}>
        <caption className="visually-hidden">{caption}</caption>
        <colgroup>
          {columns.map((column) => (
            <col key={column.id} style={column.width === undefined ? {} : { width: column.width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeadCell
                key={column.id}
                column={column}
                sorting={sorting}
                sort={() => setSorting(nextSorting(sorting, column.id, column.descendingFirst))}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.id} data-testid={`${testid}-row`} data-id={row.id} {...rowData?.(row)}>
              {columns.map((column) => (
                <td key={column.id} data-numeric={column.numeric === true}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {rows.length === 0 && (
            <tr data-testid={`${testid}-empty`}>
              <td colSpan={columns.length} className="table-empty">
                {empty}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </TableScroll>
  );
}

interface HeadCellProps<Row> {
  column: Column<Row>;
  sorting: Sorting;
  sort: () => void;
}

function HeadCell<Row>({ column, sorting, sort }: HeadCellProps<Row>) {
  if (column.sortBy === undefined) {
    return (
      <th scope="col">
        <span className="visually-hidden">Actions</span>
      </th>
    );
  }
  const active = sorting.column === column.id;
  const order = active ? (sorting.descending ? "descending" : "ascending") : undefined;
  return (
    <th scope="col" aria-sort={order} data-numeric={column.numeric === true}>
      <button type="button" onClick={sort} className="sort-button">
        {column.title}
        <span className="sort-arrow" aria-hidden="true">
          {active ? (sorting.descending ? "▼" : "▲") : ""}
        </span>
      </button>
    </th>
  );
}

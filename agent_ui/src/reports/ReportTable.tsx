/** A report that was made: its lines, sortable, the total, and how each figure is worked out. */

import { type Column, SortableTable } from "../parts/SortableTable";
import type { ReportTable as Table } from "../protocol";
import { type FigureRow, figureText, headingOf, orderOf, rowsOf, totalOf } from "../state/reports";

export function ReportTable({ table }: { table: Table }) {
  return (
    <>
      <div className="report-table">
        <SortableTable
          key={table.id}
          caption={table.name}
          testid="report"
          columns={columnsOf(table)}
          rows={rowsOf(table)}
          total={totalOf(table)}
          initial={{ column: "", descending: false }}
          empty="Nothing was counted in these days."
        />
      </div>
      <details className="formulas" data-testid="report-formulas">
        <summary>How each figure is worked out</summary>
        <dl>
          {table.columns.map((column) => (
            <div key={column.id}>
              <dt>{column.name}</dt>
              <dd>{column.formula}</dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  );
}

function columnsOf(table: Table): Column<FigureRow>[] {
  return [
    ...table.by.map((by, index) => ({
      id: by,
      title: `${by.charAt(0).toUpperCase()}${by.slice(1)}`,
      sortBy: (row: FigureRow) => orderOf(row, by, index),
      cell: (row: FigureRow) => row.names[index],
    })),
    ...table.columns.map((column, index) => ({
      id: column.id,
      title: headingOf(column),
      numeric: true,
      descendingFirst: true,
      sortBy: (row: FigureRow) => row.figures[index] ?? null,
      cell: (row: FigureRow) => figureText(row.figures[index] ?? null, column.unit),
    })),
  ];
}

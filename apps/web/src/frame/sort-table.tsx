import { ArrowDown, ArrowUp } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from '../style/table.module.css'

/** A column of a sortable table. `value` orders the rows; text columns start ascending, numbers descending. */
export interface Column<Row> {
  readonly key: string
  readonly name: string
  readonly isNumber?: boolean
  readonly value: (row: Row) => string | number | null
  readonly cell: (row: Row) => ReactNode
  readonly hint?: string
  /** Takes the room that the others leave, and is cut there. */
  readonly isWide?: boolean
}

interface SortTableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly columns: readonly Column<Row>[]
  /** `name` ascending, `-name` descending. */
  readonly sort: string
  readonly onSort: (sort: string) => void
  readonly isDense?: boolean
  /** Draws only so many rows, the first in the order; whoever sets it says so beside the table. */
  readonly maxRows?: number
}

/** A table whose headers sort. */
export function SortTable<Row>({
  label,
  rows,
  rowKey,
  columns,
  sort,
  onSort,
  isDense = false,
  maxRows,
}: SortTableProps<Row>): ReactNode {
  const sorted = sortRows(rows, columns, sort).slice(0, maxRows)
  return (
    <table className={`${styles['table']} ${isDense ? styles['dense'] : ''}`} aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <Head key={column.key} column={column} sort={sort} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <tbody>
        {sorted.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map(({ key, isNumber = false, isWide = false, cell }) => (
              <td key={key} className={isNumber ? `${styles['right']} num` : isWide ? styles['wide'] : undefined}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Rows in the order that `sort` names; rows without a value come last either way. */
function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Pick<Column<Row>, 'key' | 'value'>[],
  sort: string,
): readonly Row[] {
  const isDown = sort.startsWith('-')
  const column = columns.find(({ key }) => key === (isDown ? sort.slice(1) : sort))
  if (column === undefined) return rows
  return [...rows].sort((a, b) => {
    const left = column.value(a)
    const right = column.value(b)
    if (left === null || right === null) return (left === null ? 1 : 0) - (right === null ? 1 : 0)
    const order = typeof left === 'string' ? left.localeCompare(String(right)) : left - Number(right)
    return isDown ? -order : order
  })
}

function Head<Row>({ column, sort, onSort }: { column: Column<Row>; sort: string; onSort: (sort: string) => void }): ReactNode {
  const { key, name, isNumber = false, hint } = column
  const isUp = sort === key
  const isDown = sort === `-${key}`
  const next = isDown ? key : isUp ? `-${key}` : isNumber ? `-${key}` : key
  return (
    <th
      scope="col"
      aria-sort={isUp ? 'ascending' : isDown ? 'descending' : 'none'}
      className={isNumber ? styles['right'] : undefined}
      title={hint}
    >
      <button type="button" onClick={() => onSort(next)}>
        {name}
        {isUp && <ArrowUp size={12} aria-hidden />}
        {isDown && <ArrowDown size={12} aria-hidden />}
      </button>
    </th>
  )
}

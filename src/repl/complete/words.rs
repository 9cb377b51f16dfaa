//! The keywords that can follow, by place.

/// What a statement begins with.
pub(super) const START: &[&str] = &[
    "SELECT",
    "WITH",
    "FROM",
    "VALUES",
    "SHOW",
    "DESCRIBE",
    "SUMMARIZE",
    "EXPLAIN",
    "USE",
    "SET",
    "RESET",
    "COPY",
    "CREATE",
    "INSERT INTO",
    "DROP",
    "PREPARE",
    "EXECUTE",
    "DEALLOCATE",
    "CHECK CATALOG",
    "INFER TABLE",
    "REFRESH",
    "CLEAN CATALOG",
    "KILL",
];

/// What can stand where a value is expected.
pub(super) const VALUE: &[&str] = &[
    "CASE",
    "CAST(",
    "TRY_CAST(",
    "EXISTS (",
    "NOT",
    "NULL",
    "TRUE",
    "FALSE",
    "INTERVAL",
    "DATE",
    "TIMESTAMP",
    "CURRENT_DATE",
    "CURRENT_TIMESTAMP",
    "EXTRACT(",
];

/// What can follow a value, in any clause.
pub(super) const AFTER_VALUE: &[&str] = &[
    "AND",
    "OR",
    "IS NULL",
    "IS NOT NULL",
    "IN (",
    "NOT IN (",
    "LIKE",
    "ILIKE",
    "NOT LIKE",
    "BETWEEN",
    "IS DISTINCT FROM",
    "SIMILAR TO",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "AS",
    "OVER (",
    "FILTER (WHERE",
    "ASC",
    "DESC",
    "NULLS FIRST",
    "NULLS LAST",
];

/// The clauses in their order; behind each only the later ones can follow.
pub(super) const CLAUSES: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "WINDOW",
    "QUALIFY",
    "UNION",
    "UNION ALL",
    "INTERSECT",
    "EXCEPT",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
];

/// What can follow a table in FROM.
pub(super) const AFTER_TABLE: &[&str] = &[
    "JOIN",
    "LEFT JOIN",
    "INNER JOIN",
    "RIGHT JOIN",
    "FULL JOIN",
    "CROSS JOIN",
    "LEFT SEMI JOIN",
    "LEFT ANTI JOIN",
    "NATURAL JOIN",
    "ON",
    "USING (",
    "AS",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
    "UNION",
    "UNION ALL",
    "INTERSECT",
    "EXCEPT",
    "QUALIFY",
    "WINDOW",
    "SELECT",
];

/// What SHOW shows.
pub(super) const SHOW: &[&str] = &[
    "CATALOGS",
    "SCHEMAS",
    "TABLES",
    "COLUMNS FROM",
    "FUNCTIONS",
    "SETTINGS",
    "RECEIPT",
    "READ POINT",
    "CREATE TABLE",
    "CREATE VIEW",
];

/// The keyword in the case that the user types in.
pub(super) fn in_case(keyword: &str, is_upper: bool) -> String {
    if is_upper { keyword.to_owned() } else { keyword.to_ascii_lowercase() }
}

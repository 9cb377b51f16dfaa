//! Row keys that are made of parts, in tables of a real HBase that have each part in a cell as well.

use std::path::Path;

use crate::program::Program;

const SALTED: &str = r#"
[options]
snapshot = "s_keys_salted"
row_key = [
  { name = "salt", bytes = 1, buckets = 4 },
  { name = "tenant", until = "|" },
  { name = "at", bytes = 8, reversed = true },
]
[[columns]]
name = "tenant"
type = "VARCHAR"
source = ":key.tenant"
[[columns]]
name = "at"
type = "TIMESTAMP(3)"
source = ":key.at"
encoding = "binary"
[[columns]]
name = "own_tenant"
type = "VARCHAR"
source = "d:tenant"
[[columns]]
name = "own_at"
type = "BIGINT"
source = "d:at"
"#;

const HASHED: &str = r#"
[options]
snapshot = "s_keys_hashed"
row_key = [
  { name = "hash", bytes = 4, hash = "md5_hex", of = "user" },
  { name = "user", bytes = 5 },
  { name = "number" },
]
[[columns]]
name = "user"
type = "VARCHAR"
source = ":key.user"
[[columns]]
name = "number"
type = "INT"
source = ":key.number#b"
[[columns]]
name = "own_user"
type = "VARCHAR"
source = "d:user"
[[columns]]
name = "own_number"
type = "INT"
source = "d:number"
"#;

/// A condition on parts, the same on cells, and how many ranges of rows the first leaves.
const OF_SALTED: [(&str, &str, usize); 6] = [
    ("tenant = 't7'", "own_tenant = 't7'", 4),
    ("tenant IN ('t7', 't12', 'none')", "own_tenant IN ('t7', 't12', 'none')", 12),
    (
        "tenant = 't3' AND at >= TIMESTAMP '2001-09-09 01:46:40'",
        "own_tenant = 't3' AND own_at >= 1000000000000",
        4,
    ),
    (
        "tenant = 't3' AND at < TIMESTAMP '1970-01-01 00:00:00'",
        "own_tenant = 't3' AND own_at < 0",
        4,
    ),
    ("tenant > 't2' AND tenant < 't25'", "own_tenant > 't2' AND own_tenant < 't25'", 4),
    ("tenant LIKE 't1%'", "own_tenant LIKE 't1%'", 4),
];

const OF_HASHED: [(&str, &str, usize); 4] = [
    ("\"user\" = 'u0042'", "own_user = 'u0042'", 1),
    ("\"user\" IN ('u0001', 'u0002', 'x')", "own_user IN ('u0001', 'u0002', 'x')", 2),
    ("\"user\" = 'u0042' AND number > 0", "own_user = 'u0042' AND own_number > 0", 1),
    ("\"user\" = 'u0042' AND number <= 5", "own_user = 'u0042' AND own_number <= 5", 2),
];

fn number(program: &Program, table: &str, what: &str) -> u64 {
    program.answer(&[&format!("select {what} from {table}")]).trim().parse().unwrap()
}

/// Holds the cases `keys_salted` and `keys_hashed` against their own cells.
pub(crate) fn hold(folder: &Path) {
    let program = Program::new();
    for case in ["salted", "hashed"] {
        let root = folder.join(format!("keys_{case}/root"));
        let location = root.canonicalize().unwrap();
        let catalog = "connector = \"hbase_snapshot\"\n[options]\nlocation = ";
        program.write(&format!("catalog/{case}.toml"), format!("{catalog}{location:?}\n"));
    }
    program.write("catalog/salted/default/t.toml", SALTED);
    program.write("catalog/hashed/default/t.toml", HASHED);
    let same = "cast(at as bigint) = own_at and tenant = own_tenant";
    for (table, same, conditions) in [
        ("salted.default.t", same, &OF_SALTED[..]),
        ("hashed.default.t", "\"user\" = own_user and number = own_number", &OF_HASHED[..]),
    ] {
        let rows = number(&program, table, "count(*)");
        assert!(rows > 1000, "{table}: {rows}");
        assert_eq!(number(&program, table, &format!("count(*) filter (where {same})")), rows);
        assert_eq!(number(&program, &format!("errors('{table}')"), "count(*)"), 0);
        for (parts, cells, ranges) in conditions {
            let by_parts = number(&program, &format!("{table} where {parts}"), "count(*)");
            let by_cells = number(&program, &format!("{table} where {cells}"), "count(*)");
            assert_eq!(by_parts, by_cells, "{parts}");
            assert!(by_parts > 0, "{parts}");
            let plan = program.answer(&[&format!("explain select * from {table} where {parts}")]);
            assert!(plan.contains(&format!("row_ranges={ranges}")), "{parts}: {plan}");
        }
    }
    // What a sample shows of the keys holds of all of them.
    for (case, shown) in [
        (
            "salted",
            "{ name = \"salt\", bytes = 1, buckets = 4 },\n  { name = \"part2\", until = \"|\" },",
        ),
        (
            "hashed",
            "{ name = \"hash\", bytes = 4, hash = \"md5_hex\", of = \"part1\" },\n  { name = \"part1\", bytes = 5 },",
        ),
    ] {
        let inferred = program.answer(&[&format!("infer table {case}.default.s_keys_{case}")]);
        let inferred = inferred.trim().trim_matches('"').replace("\"\"", "\"");
        assert!(inferred.contains(shown), "{inferred}");
        program.write(&format!("catalog/{case}/default/inferred.toml"), &inferred);
        let errors = format!("errors('{case}.default.inferred')");
        assert_eq!(number(&program, &errors, "count(*)"), 0, "{inferred}");
    }
    // What the declaration does not know is not left out by it in silence.
    program.write("catalog/salted/default/few.toml", SALTED.replace("buckets = 4", "buckets = 2"));
    let bad = number(&program, "errors('salted.default.few')", "count(*)");
    let rows = number(&program, "salted.default.t", "count(*)");
    let good = number(&program, "salted.default.t where octet_length(tenant) > 0", "count(*)");
    assert_eq!(good, rows);
    assert!(bad > 0 && bad < 2 * rows && bad.is_multiple_of(2), "{bad} of {rows}");
    let (code, message) = program.failure("select count(tenant) from salted.default.few");
    assert_eq!(code, 1, "{message}");
    assert!(message.contains("errors('salted.default.few')"), "{message}");
    let reason = program.answer(&["select distinct column_name, reason from errors('salted.default.few') order by 1, 2 limit 1"]);
    assert!(reason.contains("at,the part salt (\\x02) is none of the values"), "{reason}");
}

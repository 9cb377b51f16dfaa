//! What is said of the mistakes that people make, word for word.

use crate::program::Program;

/// The program's words about one statement, without the last line for machines.
fn said(program: &Program, sql: &str) -> String {
    let ran = program.run(&["-c", sql]);
    assert_eq!(ran.stdout, "", "{sql}");
    assert_ne!(ran.code, 0, "{sql}");
    let (said, last) = ran.stderr.trim_end().rsplit_once('\n').unwrap();
    assert!(last.starts_with("error: kind="), "{last}");
    said.to_owned()
}

#[test]
fn typical_mistakes_are_told_in_a_users_words() {
    let program = Program::new();
    let cases = [
        (
            "select a b c from t",
            "error: syntax error: expected: end of statement, found: c\n\
             LINE 1: select a b c from t\n                   ^",
        ),
        (
            "select 'abc",
            "error: syntax error: unterminated string literal\n\
             LINE 1: select 'abc\n               ^",
        ),
        ("select cast(1 as foo)", "error: unsupported SQL type foo"),
        (
            "select upper(1, 2)",
            "error: there is no function upper(BIGINT, BIGINT)\nhint: there is upper(String)",
        ),
        (
            "select sum('a')",
            "error: function sum does not take String\nhint: a cast may help: CAST(… AS DOUBLE)",
        ),
        (
            "select a, count(*) from (values (1)) t(a)",
            "error: column t.a is neither in GROUP BY nor inside an aggregate\n\
             LINE 1: select a, count(*) from (values (1)) t(a)\n               ^\n\
             hint: add it to GROUP BY, or write min(t.a), max(t.a)",
        ),
        (
            "select x from (values (1)) t(x), (values (2)) u(x)",
            "error: column x is ambiguous: several tables have it\n\
             LINE 1: select x from (values (1)) t(x), (values (2)) u(x)\n               ^\n\
             hint: write it with its table: t.column",
        ),
        ("select 1/0", "error: division by zero"),
        ("select cast('abc' as int)", "error: cannot cast string 'abc' to value of INTEGER type"),
        (
            "select date '2026-13-01'",
            "error: cannot cast string '2026-13-01' to value of DATE type",
        ),
        ("select 1 limit 'x'", "error: LIMIT takes a whole number, not VARCHAR"),
        ("select 1 where 'a'", "error: a condition is true or false, not VARCHAR"),
        ("set timeot = '1s'", "error: there is no setting timeot\nhint: did you mean timeout?"),
        ("\\nonsense", "error: there is no command \\nonsense\nhint: \\? lists them"),
        (
            "select nosuch(1)",
            "error: function nosuch does not exist\n\
             LINE 1: select nosuch(1)\n               ^\nhint: did you mean cosh?",
        ),
        (
            "select * from nosuch",
            "error: table nosuch does not exist in session.default\n\
             LINE 1: select * from nosuch\n                      ^\n\
             hint: SHOW ALL TABLES lists those of all catalogs",
        ),
        (
            "select * from queries",
            "error: table queries does not exist in session.default\n\
             LINE 1: select * from queries\n                      ^\n\
             hint: did you mean system.runtime.queries?",
        ),
        (
            "select * from nosuch.t",
            "error: schema nosuch does not exist in catalog session\n\
             LINE 1: select * from nosuch.t\n                      ^\nhint: schemas: default",
        ),
        (
            "select * from a.b.c",
            "error: catalog a does not exist\n\
             LINE 1: select * from a.b.c\n                      ^\nhint: catalogs: session, system",
        ),
        (
            "select (select 1 union all select 2)",
            "error: scalar subquery returned more than one row",
        ),
        (
            "select max(sum(a)) from (values (1)) t(a)",
            "error: aggregate function calls cannot be nested: 'sum(t.a)' is nested inside \
             'max(sum(t.a))'\n\
             LINE 1: select max(sum(a)) from (values (1)) t(a)\n                       ^",
        ),
        (
            "selct 1",
            "error: syntax error: expected: an SQL statement, found: selct\n\
             LINE 1: selct 1\n        ^",
        ),
        (
            "create view v as selec 1",
            "error: syntax error: expected: SELECT, VALUES, or a subquery in the query body, \
             found: selec\nLINE 1: create view v as selec 1\n                         ^",
        ),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(sql, expected)| {
            let said = said(&program, sql);
            (said != *expected).then(|| format!("{sql}\n{said}\ninstead of\n{expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let program = Program::new();
    program.write("garbage.parquet", "these bytes are not Parquet, whatever the name says");
    std::fs::create_dir(program.path("empty")).unwrap();
    for (sql, name, code) in [
        ("select * from 'nowhere.parquet'", "nowhere.parquet does not exist", 1),
        ("select * from 'empty/*.parquet'", "holds no data files", 1),
        ("select * from 'garbage.parquet'", "garbage.parquet", 1),
    ] {
        let ran = program.run(&["-c", sql]);
        assert_eq!((ran.stdout.as_str(), ran.code), ("", code), "{}", ran.stderr);
        assert!(ran.stderr.contains(name), "{}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
}

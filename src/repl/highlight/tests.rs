//! What is marked as unknown, which brackets belong together, what lines look like.

use std::sync::Arc;

use super::*;
use crate::repl::names::{Function, Known};

fn names() -> Names {
    let mut known = Known::default();
    let schemas = known.tables.entry("lake".to_owned()).or_default();
    schemas.insert("raw".to_owned(), Arc::new(vec!["users".to_owned(), "events".to_owned()]));
    known
        .tables
        .entry("session".to_owned())
        .or_default()
        .insert("default".to_owned(), Arc::default());
    for (table, columns) in [("users", ["user_id", "country"]), ("events", ["user_id", "at"])] {
        let column = |name: &str| super::super::draft::Column {
            name: name.to_owned(),
            data_type: String::new(),
        };
        let name = ["lake", "raw", table].map(str::to_owned);
        known.columns.insert(name, Arc::new(columns.map(column).to_vec()));
    }
    let function = |name: &str| Function {
        name: name.to_owned(),
        kind: "scalar".to_owned(),
        arguments: String::new(),
    };
    known.functions = Arc::new(["count", "lower", "sum"].map(function).to_vec());
    Names::fixed(known, ["lake", "raw"])
}

/// The words that are marked as unknown.
fn wrong(text: &str) -> Vec<String> {
    let shown = highlight(text, usize::MAX, &names(), true);
    shown
        .split(UNKNOWN)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(RESET)?.0.to_owned()))
        .collect()
}

#[test]
fn unknown_tables_columns_and_functions_are_marked() {
    assert_eq!(wrong("select user_id from usres"), ["usres"]);
    assert_eq!(wrong("select * from lake.raw.orders o"), ["lake", "raw", "orders"]);
    assert_eq!(wrong("select contry, user_id from users where cuntry = 'x'"), ["contry", "cuntry"]);
    assert_eq!(
        wrong("select u.user_id, u.at, e.at from users u join events e on u.x = e.at"),
        ["at", "x"]
    );
    assert_eq!(wrong("select lowr(country) from users"), ["lowr"]);
}

#[test]
fn what_may_be_right_is_not_marked() {
    for text in [
        "select contry",
        "select contry from elsewhere.raw.users",
        "select x from 'file.parquet'",
        "select country land, count(*) as number from users group by land order by number",
        "with a as (select country c from users), b(x) as (select 1) select c, x from a, b",
        "select * from users u where exists (select 1 from events where country = u.country)",
        "select extract(epoch from at), at::date, cast(at as varchar) from events",
        "select sum(user_id) over (partition by country order by user_id rows between 1 preceding and current row) from users",
        "select country from users union all select country from users",
        "insert into users (user_id, country) select 1, 'x'",
        "create view v as select n from (select 1 as n) t",
        "select t.a from (values (1)) t(a)",
        "select a.b from generate_series(1, 2) a(b)",
        "select date '2026-09-01', interval '1 day', true, current_date from users",
        "select users from users",
        "select user_id from users natural join events using (user_id)",
        "copy (select country from users) to 'x' (format parquet, partition_by (country))",
        "select case when country is null then 1 end from users",
        "show tables from raw",
        "set timeout = 5",
        "explain select country from users",
    ] {
        assert_eq!(wrong(text), [""; 0], "{text}");
    }
}

#[test]
fn the_word_at_the_cursor_is_still_being_typed() {
    let shown = highlight("select coun from users", 11, &names(), true);
    assert!(!shown.contains(UNKNOWN), "{shown}");
}

#[test]
fn brackets_belong_together_outside_of_literals() {
    assert_eq!(pair("f(a, ')', (b))", 1), Some([1, 13]));
    assert_eq!(pair("f(a, ')', (b))", 14), Some([13, 1]));
    assert_eq!(pair("f(a, ')', (b))", 12), Some([12, 10]));
    assert_eq!(pair("f(a", 1), None);
    assert_eq!(pair("abc", 1), None);
}

#[test]
fn further_lines_say_what_is_open_and_nothing_else_is_changed() {
    let text = format!("select 'a\n{INDENT}b', (1\n{INDENT}+ 2\n{INDENT}) from\nx");
    let plain = highlight(&text, 0, &names(), false);
    assert_eq!(plain, "select 'a\n'> b', (1\n(> + 2\n(> ) from\nx");
    let colored = highlight(&text, 0, &names(), true);
    let mut stripped = colored;
    for code in [RESET, BOLD, DIM, GREEN, CYAN, MAGENTA, PAIR, UNKNOWN] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, plain);
}

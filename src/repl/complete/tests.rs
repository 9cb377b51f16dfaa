//! Every kind of completion, over a small world of names.

use std::sync::Arc;

use super::*;
use crate::repl::draft::Column;
use crate::repl::names::{Function, Known, Setting};

fn names() -> Names {
    let catalogs = ["lake", "sales", "session"].map(str::to_owned).to_vec();
    let mut known = Known { catalogs, ..Known::default() };
    let world: [(&str, &str, &str, &[&str]); 6] = [
        ("lake", "raw", "users", &["user_id", "country", "signup day"]),
        ("lake", "raw", "events", &["event_id", "user_id", "device_id", "happened_at"]),
        ("lake", "raw", "Devices", &["device_id", "model"]),
        ("lake", "reports", "daily_active", &["day", "active"]),
        ("sales", "default", "orders", &["order_id", "user_id"]),
        ("session", "default", "answer", &["n"]),
    ];
    for (catalog, schema, table, columns) in world {
        let schemas = known.tables.entry(catalog.to_owned()).or_default();
        Arc::make_mut(schemas.entry(schema.to_owned()).or_default()).push(table.to_owned());
        let column =
            |name: &&str| Column { name: (*name).to_owned(), data_type: "VARCHAR".to_owned() };
        let columns = Arc::new(columns.iter().map(column).collect());
        known.columns.insert([catalog, schema, table].map(str::to_owned), columns);
    }
    let function = |name: &str, kind: &str, arguments: &str| Function {
        name: name.to_owned(),
        kind: kind.to_owned(),
        arguments: arguments.to_owned(),
    };
    known.functions = Arc::new(vec![
        function("count", "aggregate", "count(Any), count(Any, Any)"),
        function("date_trunc", "scalar", "date_trunc(precision, expression)"),
        function("generate_series", "table", ""),
    ]);
    let setting =
        |name: &str, value: &str| Setting { name: name.to_owned(), value: value.to_owned() };
    known.settings = Arc::new(vec![setting("read_only", "false"), setting("timeout", "")]);
    Names::fixed(known, ["lake", "raw"])
}

/// What is offered where `|` stands.
fn offered(text: &str) -> Vec<String> {
    let names = names();
    offered_by(&names, text)
}

fn offered_by(names: &Names, text: &str) -> Vec<String> {
    let cursor = text.find('|').unwrap();
    let completion = complete(&text.replace('|', ""), cursor, names);
    completion.candidates.into_iter().map(|candidate| candidate.insert).collect()
}

/// The text after the only candidate is taken.
fn completed(text: &str) -> String {
    let names = names();
    let cursor = text.find('|').unwrap();
    let text = text.replace('|', "");
    let completion = complete(&text, cursor, &names);
    let [only] = completion.candidates.as_slice() else {
        panic!("{text}: {:?}", completion.candidates)
    };
    format!("{}{}{}", &text[..completion.start], only.insert, &text[cursor..])
}

#[test]
fn columns_of_the_tables_of_the_statement_come_before_and_behind_from() {
    assert_eq!(completed("select countr| from users where"), "select country from users where");
    assert_eq!(completed("select * from users where countr|"), "select * from users where country");
    let offered = offered("select | from users");
    assert_eq!(offered[..4], ["user_id", "country", "\"signup day\"", "users."]);
    assert_eq!(
        completed("select * from users order by sig|"),
        "select * from users order by \"signup day\""
    );
}

#[test]
fn before_from_is_typed_the_columns_of_the_tables_here_are_known() {
    assert_eq!(completed("select happ|"), "select happened_at");
    assert_eq!(completed("select users.coun|"), "select users.country");
}

#[test]
fn aliases_ctes_and_subqueries_have_their_columns() {
    assert_eq!(completed("select u.coun| from users u"), "select u.country from users u");
    assert_eq!(
        offered("select * from users u join events e on u.user_id = e.|"),
        ["event_id", "user_id", "device_id", "happened_at"]
    );
    assert_eq!(
        completed("with big as (select country as land from users) select la| from big"),
        "with big as (select country as land from users) select land from big"
    );
    assert_eq!(
        completed("select t.on| from (select 1 as one) t"),
        "select t.one from (select 1 as one) t"
    );
    assert_eq!(
        completed("with big as (select 1) select * from bi|"),
        "with big as (select 1) select * from big"
    );
    // A query within sees the tables around it, behind its own.
    assert_eq!(
        completed("select * from users u where exists (select 1 from events where countr|)"),
        "select * from users u where exists (select 1 from events where country)"
    );
}

#[test]
fn a_column_of_two_tables_is_offered_with_each() {
    assert_eq!(offered("select user_| from users u join events e"), ["u.user_id", "e.user_id"]);
    assert_eq!(
        completed("select * from users join events using (us|"),
        "select * from users join events using (user_id"
    );
    assert_eq!(offered("select * from users u join events e on |")[0], "u.user_id = e.user_id");
}

#[test]
fn tables_come_by_schema_catalog_and_their_own_name() {
    assert_eq!(completed("select * from us|"), "select * from users");
    assert_eq!(completed("select * from dai|"), "select * from reports.daily_active");
    assert_eq!(completed("select * from reports.|"), "select * from reports.daily_active");
    assert_eq!(completed("select * from sales.default.|"), "select * from sales.default.orders");
    assert_eq!(completed("select * from sales.|"), "select * from sales.default.");
    assert_eq!(completed("select * from Dev|"), "select * from \"Devices\"");
    assert_eq!(completed("select * from \"Dev|"), "select * from \"Devices\"");
    assert_eq!(completed("describe ord|"), "describe sales.default.orders");
    assert_eq!(completed("select * from users, gener|"), "select * from users, generate_series(");
    assert_eq!(completed("drop view ans|"), "drop view answer");
}

#[test]
fn tables_that_have_the_selected_columns_come_first() {
    assert_eq!(offered("select event_id, user_id from |")[0], "events");
    assert_eq!(offered("select model from |")[0], "\"Devices\"");
}

#[test]
fn functions_come_with_their_arguments() {
    let completion = complete("select date_t", 13, &names());
    let [only] = completion.candidates.as_slice() else { panic!("{completion:?}") };
    assert_eq!(
        (only.insert.as_str(), only.note.as_str()),
        ("date_trunc(", "(precision, expression)")
    );
}

#[test]
fn keywords_follow_the_place_and_the_case_of_the_user() {
    assert_eq!(completed("sel|"), "select");
    assert_eq!(completed("SEL|"), "SELECT");
    assert_eq!(completed("select * from users wh|"), "select * from users where");
    assert_eq!(completed("select * from users group |"), "select * from users group by");
    assert_eq!(offered("select * from users u left |")[0], "join");
    assert!(offered("select * from users where country |").contains(&"is not null".to_owned()));
    assert!(!offered("select * from users where country |").contains(&"country".to_owned()));
    assert_eq!(completed("select 1; des|"), "select 1; describe");
}

#[test]
fn aliases_of_the_select_list_are_offered_where_they_count() {
    assert_eq!(
        completed("select count(*) as number from users group by country order by num|"),
        "select count(*) as number from users group by country order by number"
    );
}

#[test]
fn inserted_columns_are_those_of_the_target() {
    assert_eq!(completed("insert into events (hap|"), "insert into events (happened_at");
}

#[test]
fn settings_and_their_values_are_known() {
    assert_eq!(completed("set read_o|"), "set read_only");
    assert_eq!(offered("set read_only = |"), ["true", "false"]);
    assert_eq!(completed("set read_only to f|"), "set read_only to false");
    assert_eq!(completed("use rep|"), "use reports");
    assert_eq!(offered("show c|")[0], "catalogs");
}

#[test]
fn commands_and_their_arguments_are_known() {
    assert!(offered("\\d|").contains(&"\\dt".to_owned()));
    assert_eq!(completed("\\d use|"), "\\d users");
    assert_eq!(completed("\\d reports.dai|"), "\\d reports.daily_active");
    assert_eq!(completed("\\pset form|"), "\\pset format");
    assert_eq!(completed("\\pset format mark|"), "\\pset format markdown");
    assert_eq!(completed("\\c sal|"), "\\c sales");
    assert_eq!(completed(".tab|"), ".tables");
    assert_eq!(completed("select 1;\n\\d eve|"), "select 1;\n\\d events");
}

#[test]
fn files_are_completed_within_quotes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("exports")).unwrap();
    std::fs::write(folder.path().join("exports/first.parquet"), "").unwrap();
    let at = folder.path().display();
    assert_eq!(
        completed(&format!("select * from '{at}/exp|")),
        format!("select * from '{at}/exports/")
    );
    assert_eq!(
        completed(&format!("select * from '{at}/exports/|")),
        format!("select * from '{at}/exports/first.parquet'")
    );
    assert_eq!(completed(&format!("\\i {at}/exp|")), format!("\\i {at}/exports/"));
}

#[test]
fn names_in_literals_of_errors_are_full_ones() {
    assert_eq!(completed("select * from errors('eve|"), "select * from errors('lake.raw.events'");
}

#[test]
fn what_was_used_last_comes_first() {
    let names = names();
    names.note_used(["happened_at", "device_id"]);
    assert_eq!(
        offered_by(&names, "select | from events")[..3],
        ["device_id", "happened_at", "event_id"]
    );
}

#[test]
fn comments_and_other_literals_offer_nothing() {
    assert_eq!(offered("select 1 -- us|"), [""; 0]);
    assert_eq!(offered("select /* us| */ 1"), [""; 0]);
    assert_eq!(offered("select * from users where country = 'us|"), [""; 0]);
}

#[test]
fn no_prefix_of_a_statement_makes_it_fail() {
    let names = names();
    let text = "with a as (select u.*, 'x' from users u join events e on u.user_id = e.user_id) \
                select \"x y\", count(*) from a group by 1; \\d users\nset x = 'y'; copy (from a) to 'b'";
    for (end, _) in text.char_indices() {
        complete(&text[..end], end, &names);
        complete(text, end, &names);
    }
}

#[test]
fn letters_in_order_find_a_name_when_nothing_begins_with_them() {
    assert_eq!(
        completed("select * from events where hpat|"),
        "select * from events where happened_at"
    );
    assert_eq!(
        completed("select * from events where dev_id|").len(),
        "select * from events where device_id".len()
    );
}

//! What the parts of half-typed statements see.

use super::*;

struct Tables;

impl Catalog for Tables {
    fn columns(&self, name: &[Cow<'_, str>]) -> Option<Vec<Column>> {
        let columns: &[&str] = match &**name.last()? {
            "users" => &["user_id", "country"],
            "events" => &["user_id", "device_id", "at"],
            _ => return None,
        };
        Some(columns.iter().map(|name| Column::named(*name)).collect())
    }
}

/// What is seen where `|` stands: `handle: columns`.
fn seen(text: &str) -> Vec<String> {
    let offset = text.find('|').unwrap();
    let text = text.replace('|', "");
    let draft = Draft::read(&text);
    let group = draft.group_at(offset);
    let block = draft.block_at(group, offset);
    let relations = draft.relations(&block);
    let shown = |relation: &Relation<'_>| {
        let columns = draft.columns(group, relation, &Tables);
        let columns = columns.map_or("?".to_owned(), |columns| {
            columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(" ")
        });
        format!("{}: {columns}", relation.handle().unwrap_or("-"))
    };
    relations.iter().map(shown).collect()
}

#[test]
fn tables_are_seen_before_and_behind_their_from() {
    let users = ["users: user_id country"];
    assert_eq!(seen("select | from users"), users);
    assert_eq!(seen("select a, b from users where |"), users);
    assert_eq!(seen("select 1 from lake.raw.users order by |"), users);
    assert_eq!(seen("select |"), [""; 0]);
}

#[test]
fn aliases_and_joins_are_read() {
    assert_eq!(
        seen("select | from users u join events as e on u.user_id = e.user_id, missing m"),
        ["u: user_id country", "e: user_id device_id at", "m: ?"]
    );
    assert_eq!(
        seen("select | from (users u join events e on true) where"),
        ["u: user_id country", "e: user_id device_id at"]
    );
    assert_eq!(seen("insert into users (|"), [""; 0]);
    assert_eq!(seen("select | from 'x.parquet' p, generate_series(1, 2) s(n)"), ["p: ?", "s: n"]);
}

#[test]
fn subqueries_give_what_their_select_list_says() {
    assert_eq!(
        seen(
            "select | from (select u.user_id, country as land, count(*) n, max(at) from users u) t"
        ),
        ["t: user_id land n max(at)"]
    );
    assert_eq!(
        seen("select | from (select u.*, 1 as one from users u) t"),
        ["t: user_id country one"]
    );
    assert_eq!(seen("select | from (from users) t"), ["t: user_id country"]);
    assert_eq!(seen("select | from (values (1, 2)) t"), ["t: column1 column2"]);
    assert_eq!(
        seen("select * from users where user_id in (select | from events)"),
        ["events: user_id device_id at"]
    );
}

#[test]
fn common_table_expressions_are_seen_where_they_may_be() {
    let text = "with a as (select country from users), b(x, y) as (select 1, 2) select | from a, b";
    assert_eq!(seen(text), ["a: country", "b: x y"]);
    let text = "with a as (select country from users) select * from (select | from a) t";
    assert_eq!(seen(text), ["a: country"]);
    let text = "with recursive r as (select 1 as n union all select n + 1 from r) select | from r";
    assert_eq!(seen(text), ["r: n"]);
    let text = "with recursive r as (select * from r) select | from r";
    assert_eq!(seen(text), ["r: ?"]);
}

#[test]
fn each_side_of_a_union_has_its_own_tables() {
    assert_eq!(seen("select | from users union select at from events"), ["users: user_id country"]);
    assert_eq!(
        seen("select 1 from users union all select | from events"),
        ["events: user_id device_id at"]
    );
}

#[test]
fn from_within_a_function_is_no_from() {
    assert_eq!(seen("select extract(year from |) from users"), [""; 0]);
    assert_eq!(
        seen("select | from users where a is distinct from country"),
        ["users: user_id country"]
    );
}

#[test]
fn half_a_statement_never_fails() {
    let text = "with a as (select u.*, (1 + from users u join (select \"x from t where ( ) ) , ;";
    for (end, _) in text.char_indices() {
        let draft = Draft::read(&text[..end]);
        for block in draft.all_blocks() {
            for relation in draft.relations(&block) {
                draft.columns(block.group, &relation, &Tables);
            }
        }
        draft.block_at(draft.group_at(end), end);
    }
}

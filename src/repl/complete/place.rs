//! What is expected where the cursor stands.

use std::borrow::Cow;

use super::words;
use crate::engine::statement::lexer::Kind;
use crate::repl::draft::{At, Block, Draft};

/// A literal that is being typed.
#[derive(Debug)]
pub(super) struct Typed<'a> {
    /// Its text up to the cursor, without the quote.
    pub(super) text: &'a str,
    /// Where that begins.
    pub(super) start: usize,
}

/// Where the cursor stands in a draft.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    /// Where the word at the cursor begins; the cursor itself if there is none.
    pub(super) start: usize,
    /// The letters of that word before the cursor, without a quote.
    pub(super) typed: Cow<'a, str>,
    /// Whether it is typed in quotes.
    pub(super) quoted: bool,
    /// The parts before it, as in `lake.raw.`.
    pub(super) qualifier: Vec<Cow<'a, str>>,
    /// The last token before all of that.
    pub(super) before: Option<At>,
    /// The literal around the cursor.
    pub(super) literal: Option<Typed<'a>>,
    pub(super) group: usize,
    pub(super) block: Block,
}

impl<'a> Cursor<'a> {
    pub(super) fn find(draft: &Draft<'a>, offset: usize) -> Self {
        let group = draft.group_at(offset);
        let block = draft.block_at(group, offset);
        let mut cursor = Self {
            start: offset,
            typed: Cow::Borrowed(""),
            quoted: false,
            qualifier: vec![],
            before: None,
            literal: None,
            group,
            block,
        };
        let mut next = draft.tokens.iter().take_while(|token| token.start < offset).count();
        let Some(last) = next.checked_sub(1).map(|at| draft.tokens[at]) else { return cursor };
        if last.kind == Kind::Literal && (offset < last.end() || !last.closed) {
            let quote = last.text.find('\'').map_or(0, |at| at + 1);
            let text = last.text.get(quote..offset - last.start).unwrap_or_default();
            cursor.literal = Some(Typed { text, start: last.start + quote });
            cursor.before = next.checked_sub(2);
            return cursor;
        }
        let touched = offset <= last.end();
        if touched && matches!(last.kind, Kind::Word | Kind::QuotedName) {
            cursor.start = last.start;
            let letters = &last.text[..offset - last.start];
            cursor.quoted = last.kind == Kind::QuotedName;
            cursor.typed = match cursor.quoted {
                true => crate::repl::draft::unquoted(letters),
                false => Cow::Borrowed(letters),
            };
            next -= 1;
        }
        // Nothing but a dot stands directly before a qualified name.
        while let Some(dot) = next.checked_sub(1).filter(|at| draft.text(*at) == ".") {
            let Some(part) = dot.checked_sub(1).and_then(|at| draft.any_name(at)) else { break };
            cursor.qualifier.insert(0, part);
            next -= 2;
        }
        cursor.before = next.checked_sub(1);
        cursor
    }
}

/// What can stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing that is known.
    Nothing,
    /// The first word of a statement.
    Start,
    /// A table, view, table function, or the catalog or schema before its dot.
    Table,
    /// A schema, or a catalog.
    Schema,
    /// A catalog.
    Catalog,
    /// A value: columns, functions. Whether aliases of the select list may be used, too.
    Value { aliases: bool },
    /// The condition of a join.
    JoinCondition,
    /// A column that two tables have.
    SharedColumn,
    /// A column of the table that rows are inserted into.
    InsertedColumn,
    /// These words only.
    Words(Vec<&'static str>),
    /// The name of a setting.
    Setting,
    /// A value of this setting.
    SettingValue(String),
    /// A file.
    Path,
}

/// Words that a value follows.
const BEFORE_VALUE: [&str; 22] = [
    "SELECT", "WHERE", "AND", "OR", "NOT", "HAVING", "BY", "DISTINCT", "ALL", "CASE", "WHEN",
    "THEN", "ELSE", "BETWEEN", "IN", "LIKE", "ILIKE", "QUALIFY", "VALUES", "LIMIT", "OFFSET", "IS",
];

/// Functions whose first argument is the name of a table as text.
const OF_TABLES: [&str; 5] =
    ["errors", "hbase_cells", "stream_follow", "stream_scan", "stream_status"];

/// What is expected in a literal.
pub(super) fn of_literal(draft: &Draft<'_>, cursor: &Cursor<'_>) -> Place {
    let Some(before) = cursor.before else { return Place::Nothing };
    let function = draft.before(cursor.group).map_or("", |at| draft.text(at));
    let takes_table = OF_TABLES.iter().any(|name| function.eq_ignore_ascii_case(name));
    if draft.text(before) == "(" && takes_table {
        return Place::Table;
    }
    let names_file = draft.is_any(before, &["FROM", "JOIN", "TO", "LOCATION", "INTO"]);
    let looks_like_one = cursor.literal.as_ref().is_some_and(|typed| typed.text.contains('/'));
    if names_file || looks_like_one || draft.text(before) == "," {
        Place::Path
    } else {
        Place::Nothing
    }
}

/// What is expected at the cursor.
pub(super) fn of(draft: &Draft<'_>, cursor: &Cursor<'_>) -> Place {
    let Some(before) = cursor.before else { return Place::Start };
    if cursor.group == 0
        && let Some(place) = of_statement(draft, before)
    {
        return place;
    }
    let bracket = draft.bracket(cursor.group);
    if Some(before) == bracket {
        return behind_bracket(draft, cursor);
    }
    if bracket.is_some() && !draft.is_query(cursor.group) {
        let function = draft.before(cursor.group);
        if function.is_some_and(|at| draft.is_word(at, "USING")) {
            return Place::SharedColumn;
        }
        if is_insert_list(draft, cursor.group) {
            return Place::InsertedColumn;
        }
    }
    behind(draft, cursor, before)
}

/// Statements with a form of their own.
fn of_statement(draft: &Draft<'_>, before: At) -> Option<Place> {
    let word = |at| draft.text(at).to_ascii_uppercase();
    let words = |words: &[&'static str]| Some(Place::Words(words.to_vec()));
    let mut begin = 0;
    while draft.is_any(begin, &["EXPLAIN", "ANALYZE", "ESTIMATE", "VERBOSE"]) {
        begin += 1;
    }
    if begin > before && begin > 0 {
        let mut next = words::START.to_vec();
        next.extend(["ANALYZE", "ESTIMATE"]);
        return Some(Place::Words(next));
    }
    let position = before - begin;
    match (word(begin).as_str(), position) {
        ("SET", 0) | ("RESET", 0) => Some(Place::Setting),
        ("SET", _) if matches!(draft.text(before), "=") || draft.is_word(before, "TO") => {
            let name = draft.tokens[begin + 1..before].iter().map(|token| token.text).collect();
            Some(Place::SettingValue(name))
        }
        ("SET", _) => words(&["TO"]),
        ("SHOW", 0) => words(words::SHOW),
        ("SHOW", _) => Some(of_show(draft, before)),
        ("USE", 0) => Some(Place::Schema),
        ("DESCRIBE" | "DESC" | "SUMMARIZE", 0) => Some(Place::Table),
        ("CHECK" | "CLEAN", 0) => words(&["CATALOG"]),
        ("CHECK" | "CLEAN", 1) => Some(Place::Catalog),
        ("CLEAN", 2) => words(&["OLDER THAN"]),
        ("REFRESH", 0) => Some(Place::Catalog),
        ("REFRESH", 1) if draft.is_word(before, "CATALOG") => Some(Place::Catalog),
        ("INFER", 0) => words(&["TABLE"]),
        ("INFER", 1) => Some(Place::Table),
        ("DROP", 0) => words(&["TABLE", "VIEW"]),
        ("DROP", _) if draft.is_any(before, &["TABLE", "VIEW", "EXISTS"]) => Some(Place::Table),
        ("CREATE", 0) => words(&["TABLE", "VIEW", "OR REPLACE VIEW", "EXTERNAL TABLE"]),
        ("CREATE", _) if draft.is_any(before, &["TABLE", "VIEW"]) => words(&["IF NOT EXISTS"]),
        ("CREATE", 2..=8)
            if !draft.tokens[begin..before].iter().any(|t| t.text.eq_ignore_ascii_case("AS")) =>
        {
            if draft.is_word(before, "AS") {
                words(&["SELECT", "WITH", "FROM"])
            } else {
                words(&["AS", "PARTITIONED BY (", "STORED AS", "LOCATION"])
            }
        }
        ("COPY", 0) => Some(Place::Table),
        ("COPY", _) if draft.tokens[before].kind == Kind::Literal => words(&["("]),
        ("COPY", _) if !draft.is_word(before, "TO") => words(&["TO"]),
        ("INSERT", 0) => words(&["INTO"]),
        ("INSERT", 2..)
            if !draft.tokens.iter().take(before + 1).any(|t| is_query_start(t.text)) =>
        {
            if draft.text(before) == "." {
                Some(Place::Table)
            } else {
                words(&["SELECT", "VALUES", "WITH", "("])
            }
        }
        _ => None,
    }
}

fn is_query_start(word: &str) -> bool {
    ["SELECT", "WITH", "VALUES", "FROM"].iter().any(|start| start.eq_ignore_ascii_case(word))
}

fn of_show(draft: &Draft<'_>, before: At) -> Place {
    if draft.is_any(before, &["FROM", "IN"]) {
        return match draft.text(before - 1).to_ascii_uppercase().as_str() {
            "COLUMNS" => Place::Table,
            "SCHEMAS" => Place::Catalog,
            _ => Place::Schema,
        };
    }
    match draft.text(before).to_ascii_uppercase().as_str() {
        "TABLE" | "VIEW" => Place::Table,
        "TABLES" | "SCHEMAS" => Place::Words(vec!["FROM", "LIKE"]),
        "COLUMNS" => Place::Words(vec!["FROM"]),
        "READ" => Place::Words(vec!["POINT"]),
        "CREATE" => Place::Words(vec!["TABLE", "VIEW"]),
        _ => Place::Words(vec!["LIKE"]),
    }
}

/// Directly behind `(`.
fn behind_bracket(draft: &Draft<'_>, cursor: &Cursor<'_>) -> Place {
    let Some(before) = draft.before(cursor.group) else {
        return Place::Words(vec!["SELECT", "WITH", "VALUES", "FROM"]);
    };
    if draft.is_word(before, "USING") {
        return Place::SharedColumn;
    }
    if is_insert_list(draft, cursor.group) {
        return Place::InsertedColumn;
    }
    if draft.is_any(before, &["FROM", "JOIN", "COPY", "EXISTS", "AS", "MATERIALIZED"]) {
        return Place::Words(vec!["SELECT", "WITH", "VALUES", "FROM"]);
    }
    if draft.is_word(before, "OVER") {
        return Place::Words(vec!["PARTITION BY", "ORDER BY", "ROWS BETWEEN", "RANGE BETWEEN"]);
    }
    Place::Value { aliases: false }
}

/// Whether a bracket holds the columns of `INSERT INTO t (…)`.
fn is_insert_list(draft: &Draft<'_>, group: usize) -> bool {
    let queries = |at: At| draft.tokens.iter().take(at).any(|token| is_query_start(token.text));
    draft.is_word(0, "INSERT") && draft.bracket(group).is_some_and(|at| !queries(at))
}

/// Behind a token within a query.
fn behind(draft: &Draft<'_>, cursor: &Cursor<'_>, before: At) -> Place {
    let token = draft.tokens[before];
    let clause = clause(draft, cursor, before);
    let aliases = matches!(clause.as_str(), "GROUP" | "ORDER" | "HAVING" | "QUALIFY");
    if draft.is_any(
        before,
        &["FROM", "JOIN", "INTO", "UPDATE", "TABLE", "LATERAL", "DESCRIBE", "SUMMARIZE"],
    ) {
        return Place::Table;
    }
    if draft.is_word(before, "ON") && clause == "FROM" {
        return Place::JoinCondition;
    }
    if token.text == "," && clause == "FROM" {
        return Place::Table;
    }
    if let Some(words) = second_words(&token.text.to_ascii_uppercase()) {
        return Place::Words(words.to_vec());
    }
    let is_value_word = token.kind != Kind::Word
        || draft.name(before).is_some()
        || draft.is_any(before, &["NULL", "END"]);
    let is_star = token.text == "*"
        && before > 0
        && (draft.is_any(before - 1, &["SELECT", "DISTINCT", "ALL"])
            || matches!(draft.text(before - 1), "." | ","));
    let ends_value = match token.kind {
        Kind::Symbol => matches!(token.text, ")" | "]") || is_star,
        _ => is_value_word,
    };
    if !ends_value || draft.is_any(before, &BEFORE_VALUE) {
        return Place::Value { aliases };
    }
    let mut next: Vec<&'static str> = Vec::new();
    if clause == "FROM" && !is_condition(draft, cursor, before) {
        next.extend(words::AFTER_TABLE);
    } else {
        let from = words::CLAUSES.iter().position(|c| c.split(' ').next() == Some(clause.as_str()));
        next.extend(from.map_or(words::CLAUSES, |at| &words::CLAUSES[at + 1..]));
        next.extend(words::AFTER_VALUE);
        if clause == "FROM" {
            next.extend(words::AFTER_TABLE);
        }
    }
    Place::Words(next)
}

/// What follows the first word of two.
fn second_words(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        "GROUP" | "ORDER" | "PARTITION" => &["BY"],
        "LEFT" | "RIGHT" | "FULL" => &["JOIN", "OUTER JOIN", "SEMI JOIN", "ANTI JOIN"],
        "INNER" | "CROSS" | "OUTER" | "NATURAL" | "SEMI" | "ANTI" => &["JOIN"],
        "UNION" | "INTERSECT" | "EXCEPT" => &["ALL", "SELECT", "DISTINCT"],
        "NULLS" => &["FIRST", "LAST"],
        "IS" => &["NULL", "NOT NULL", "TRUE", "FALSE", "DISTINCT FROM", "NOT DISTINCT FROM"],
        "INSERT" => &["INTO"],
        "STORED" => &["AS"],
        "AS" => &["SELECT", "PARQUET", "CSV", "JSON", "ARROW"],
        _ => return None,
    })
}

/// The first word of the clause that the cursor is in, in capitals.
fn clause(draft: &Draft<'_>, cursor: &Cursor<'_>, before: At) -> String {
    const BEGIN: [&str; 14] = [
        "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "WINDOW",
        "QUALIFY", "VALUES", "SET", "INTO", "WITH",
    ];
    let compares =
        |at: At| at > 0 && draft.is_word(at, "FROM") && draft.is_word(at - 1, "DISTINCT");
    let mut block = cursor.block.clone();
    let mut before = before;
    loop {
        let mut own = block.own.iter().rev().filter(|at| **at <= before);
        if let Some(at) = own.find(|at| draft.is_any(**at, &BEGIN) && !compares(**at)) {
            return draft.text(*at).to_ascii_uppercase();
        }
        // An expression in brackets belongs to the clause around it.
        let (Some(parent), Some(bracket)) = (draft.parent(block.group), draft.bracket(block.group))
        else {
            return String::new();
        };
        before = bracket;
        block = draft.block_at(parent, draft.tokens[bracket].start);
    }
}

/// Whether the cursor is in the condition of a join, not in the list of tables.
fn is_condition(draft: &Draft<'_>, cursor: &Cursor<'_>, before: At) -> bool {
    let mut own = cursor.block.own.iter().rev().filter(|at| **at <= before);
    let last =
        own.find(|at| draft.is_any(**at, &["ON", "JOIN", "FROM"]) || draft.text(**at) == ",");
    last.is_some_and(|at| draft.is_word(*at, "ON"))
}

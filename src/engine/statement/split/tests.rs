//! What is a statement, a command, a blank, and where each of them stands.

use super::*;
use PartKind::{Blank, Command, Statement};

fn parts(text: &str) -> Vec<(PartKind, &str)> {
    split(text).iter().map(|part| (part.kind, part.text)).collect()
}

fn at(line: u64, column: u64) -> Position {
    Position { line, column }
}

#[test]
fn a_semicolon_ends_a_statement_and_belongs_to_it() {
    assert_eq!(parts("select 1; select 2"), [(Statement, "select 1;"), (Statement, " select 2")]);
    assert_eq!(parts("select 1;\r\n"), [(Statement, "select 1;"), (Blank, "\r\n")]);
}

#[test]
fn a_semicolon_within_something_ends_nothing() {
    for text in [
        "select ';' || 'it''s;';",
        r"select E'\';' ;",
        "select \";\"\";\", `;`;",
        "select $$;$$, $a$;$$;$a$;",
        "select 1 -- ;\n;",
        "select /* ; /* ; */ ; */ 1;",
        "select a$b, $1, $name;",
        "select q'[it's;]', r''';';''';",
    ] {
        assert_eq!(parts(text), [(Statement, text)]);
    }
}

#[test]
fn a_backslash_does_not_escape_the_end_of_a_plain_literal() {
    assert_eq!(parts(r"select 'a\'; select 2;").len(), 2);
}

#[test]
fn comments_before_a_statement_belong_to_it() {
    let text = "-- @param day DATE\n/* why */ select 1;";
    assert_eq!(parts(text), [(Statement, text)]);
    assert_eq!(split(text)[0].token, at(2, 11));
}

#[test]
fn comments_and_lone_semicolons_alone_are_blank() {
    assert_eq!(parts("select 1; -- done\n"), [(Statement, "select 1;"), (Blank, " -- done\n")]);
    assert_eq!(parts(";; "), [(Blank, ";"), (Blank, ";"), (Blank, " ")]);
    assert_eq!(parts(""), []);
}

#[test]
fn a_command_is_a_line_where_a_statement_could_begin() {
    let text = "  \\set day 2026-09-01\r\n-- what\n\\d a;b\nselect 1; \\q;";
    let read = [
        (Blank, "  "),
        (Command, "\\set day 2026-09-01\r\n"),
        (Blank, "-- what\n"),
        (Command, "\\d a;b\n"),
        (Statement, "select 1;"),
        (Blank, " "),
        (Command, "\\q;"),
    ];
    assert_eq!(parts(text), read);
    let commands: Vec<_> = split(text).iter().filter_map(Part::command).collect();
    assert_eq!(commands, [("set", "day 2026-09-01"), ("d", "a;b"), ("q", "")]);
}

#[test]
fn a_dot_command_is_one_only_at_the_start_of_a_line() {
    assert_eq!(
        parts(".tables ev%\n.mode csv"),
        [(Command, ".tables ev%\n"), (Command, ".mode csv")]
    );
    assert_eq!(parts(" .tables"), [(Statement, " .tables")]);
    assert_eq!(parts(".5 + 1"), [(Statement, ".5 + 1")]);
    assert_eq!(parts("select a\n.tables;"), [(Statement, "select a\n.tables;")]);
    assert_eq!(split(".mode csv")[0].command(), Some(("mode", "csv")));
}

#[test]
fn a_sending_command_ends_the_statement_before_it() {
    assert_eq!(
        parts("select 1 \\gx\nselect 2\\G\nselect 3\n\\g out.csv\n\\g\n"),
        [
            (Statement, "select 1 "),
            (Command, "\\gx\n"),
            (Statement, "select 2"),
            (Command, "\\G\n"),
            (Statement, "select 3\n"),
            (Command, "\\g out.csv\n"),
            (Command, "\\g\n"),
        ]
    );
    assert!(split("select 1 \\g").iter().all(|part| part.completeness == Completeness::Complete));
}

#[test]
fn another_backslash_within_a_statement_is_left_for_the_parser_to_refuse() {
    for text in ["select 1 \\x on\n, 2;", "select * from c:\\d\\gx;", "select '\\g';"] {
        assert_eq!(parts(text), [(Statement, text)]);
    }
}

#[test]
fn a_byte_order_mark_is_blank_and_takes_no_column() {
    let text = "\u{feff}select 1;\n-- end of one file\n\u{feff}select 2;";
    let read = [
        (Blank, "\u{feff}"),
        (Statement, "select 1;"),
        (Blank, "\n-- end of one file\n\u{feff}"),
        (Statement, "select 2;"),
    ];
    assert_eq!(parts(text), read);
    assert_eq!(split(text)[1].start, at(1, 1));
    assert_eq!(split(text)[3].start, at(3, 1));
}

#[test]
fn positions_count_characters_and_lines() {
    let text = "select '日本';\r\n  -- c\n\tselect 2;";
    let second = split(text)[1];
    assert_eq!((second.start, second.token), (at(1, 13), at(3, 2)));
    assert_eq!(second.locate(at(1, 2)), at(1, 14));
    assert_eq!(second.locate(at(3, 9)), at(3, 9));
}

#[test]
fn the_prompt_waits_until_everything_is_ended() {
    let more = |open| Completeness::NeedsMore(open);
    for (text, completeness) in [
        ("", Completeness::Complete),
        ("-- c", Completeness::Complete),
        ("\\d", Completeness::Complete),
        ("select 1; ", Completeness::Complete),
        ("select 1\\gx", Completeness::Complete),
        ("select 1", more(Open::NoSemicolon)),
        ("select 1 -- ;", more(Open::NoSemicolon)),
        ("select 1; select 'a;\n", more(Open::InString)),
        ("select E'\\';", more(Open::InString)),
        ("select \"a;", more(Open::InQuotedName)),
        ("select $x$ $$;", more(Open::InDollarString)),
        ("select 1; /* ;", more(Open::InComment)),
    ] {
        assert_eq!(is_complete(text), completeness, "{text}");
    }
}

#[test]
fn a_comment_without_end_is_not_blank_since_it_hides_statements() {
    assert_eq!(parts("/* select 1;"), [(Statement, "/* select 1;")]);
}

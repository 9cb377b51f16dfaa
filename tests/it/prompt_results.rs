//! What comes of a statement at the prompt: pager, footer, receipts, commands over results.

use crate::program::Program;
use crate::prompt::{CTRL_C, CTRL_D, PROMPT, Terminal};

fn leave(mut terminal: Terminal) {
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn what_is_longer_than_the_screen_goes_through_the_pager() {
    let program = Program::new();
    let mut terminal = Terminal::start_with(&program, &[], &[("PAGER", "sed 's/^/paged /'")]);
    let shown = terminal.line("select value from generate_series(1, 100);");
    assert!(shown.contains("paged │"), "{shown}");
    assert!(!terminal.line("select 1 as n;").contains("paged"));
    terminal.line("\\pager off");
    assert!(!terminal.line("select value from generate_series(1, 100);").contains("paged"));
    leave(terminal);
}

#[test]
fn without_a_pager_of_the_user_there_is_one_with_the_names_in_sight() {
    let mut terminal = Terminal::start_with(&Program::new(), &[], &[("PAGER", "unset")]);
    terminal.type_text("select value as running from generate_series(1, 100);\r");
    terminal.wait_for("lines 4-23 of ");
    terminal.type_text("G");
    let shown = terminal.wait_for("of 105 ");
    assert!(shown.contains("running") && shown.contains("│     100 │"), "{shown}");
    terminal.type_text(CTRL_C);
    terminal.wait_for(PROMPT);
    terminal.get_in_step();
    leave(terminal);
}

#[test]
fn a_result_that_is_cut_leaves_a_receipt() {
    let mut terminal = Terminal::start(&Program::new());
    let shown = terminal.line("select value from generate_series(1, 1000000000000);");
    assert!(shown.contains("only the first 1000 rows"), "{shown}");
    let shown = terminal.line("\\receipt");
    assert!(shown.contains("total_micros"), "{shown}");
    leave(terminal);
}

#[test]
fn watching_goes_on_until_ctrl_c() {
    let mut terminal = Terminal::start(&Program::new());
    terminal.type_text("select 42 as n \\watch 0.05\r");
    for _ in 0..3 {
        terminal.wait_for("Ctrl-C ends it");
    }
    terminal.type_text(CTRL_C);
    terminal.wait_for(PROMPT);
    terminal.get_in_step();
    leave(terminal);
}

#[test]
fn a_stream_is_followed_until_ctrl_c() {
    let program = Program::new();
    program
        .write("catalog/logs.toml", "connector = \"logfile\"\n[options]\nlocation = \"../logs\"\n");
    program.write("logs/t/a.log", "{\"n\":40001}\n{\"n\":40002}\n");
    let mut terminal = Terminal::start(&program);
    terminal.type_text("\\tail logs.default.t\r");
    terminal.wait_for("40002");
    program.write("logs/t/a.log", "{\"n\":40001}\n{\"n\":40002}\n{\"n\":40003}\n");
    terminal.wait_for("40003");
    terminal.type_text(CTRL_C);
    terminal.wait_for("(3 rows)");
    terminal.wait_for(PROMPT);
    let shown = terminal.line("select 42000 + 1 as n;");
    assert!(shown.contains("42001") && !shown.contains("error"), "{shown}");
    leave(terminal);
}

#[test]
fn results_are_crossed_drawn_shown_again_and_described() {
    let mut terminal = Terminal::start(&Program::new());
    let shown = terminal.line(
        "select * from (values ('a', 'x', 1), ('a', 'y', 2), ('b', 'y', 3)) t(r, c, v) \\crosstabview",
    );
    assert!(shown.contains("│ r │ x    │ y │") && shown.contains("│ b │ NULL │ 3 │"), "{shown}");
    let shown = terminal.line("select 'half' as t, 5 as n union all select 'full', 10 \\chart");
    assert!(shown.contains("full 10 ███"), "{shown}");
    terminal.line("select repeat('wide ', 40) as t;");
    assert!(terminal.line("\\last").contains(&"wide ".repeat(39)));
    let shown = terminal.line("select 1::bigint as n, 'x' as t \\gdesc");
    assert!(shown.contains("BIGINT") && shown.contains("│ t "), "{shown}");
    let shown = terminal.line("select 7 as seven \\gset");
    assert!(!shown.contains("error"), "{shown}");
    assert!(terminal.line("\\echo :seven").contains('7'));
    leave(terminal);
}

#[test]
fn named_queries_take_arguments_and_are_kept() {
    let program = Program::new();
    let mut terminal = Terminal::start(&program);
    terminal.line("\\ns sum select $1 + $2 as n");
    leave(terminal);
    let mut terminal = Terminal::start(&program);
    assert!(terminal.line("\\n sum 40000 2000").contains("42000"));
    assert!(terminal.line("\\n smu").contains("there is no query smu"));
    terminal.line("\\nd sum");
    assert!(!terminal.line("\\n").contains("sum"));
    leave(terminal);
}

#[test]
fn what_destroys_is_asked_for_first() {
    let mut terminal = Terminal::start(&Program::new());
    terminal.line("create view answer as select 42000 as n;");
    for (reply, is_there) in [("n", true), ("y", false)] {
        terminal.type_text("drop view answer;\r");
        terminal.wait_for("go on? [y/N]");
        terminal.type_text(&format!("{reply}\r"));
        terminal.wait_for(PROMPT);
        assert_eq!(terminal.line("select n from answer;").contains("42000"), is_there);
    }
    leave(terminal);
}

#[test]
fn a_view_is_saved_whole_or_not_at_all() {
    let program = Program::new();
    program
        .write("catalog/lake.toml", "connector = \"files\"\n[options]\nlocation = \"../data\"\n");
    program.write("data/raw/users.csv", "id,name\n1,ada\n");
    let mut terminal = Terminal::start(&program);
    terminal.line("select 42000 as n;");
    let shown = terminal.line("\\save lake.reports.answer");
    assert!(shown.contains("catalog/lake/reports/answer.sql"), "{shown}");
    assert!(terminal.line("select n from lake.reports.answer;").contains("42000"));
    // The prompt is not in a catalog: a plain name is one of the user's own.
    terminal.line("select name from lake.raw.users;");
    assert!(terminal.line("\\save mine").contains("my.default.mine"));
    assert!(terminal.line("select name as again from my.default.mine;").contains("ada"));
    leave(terminal);
}

#[test]
fn a_view_that_cannot_be_planned_leaves_no_file() {
    let program = Program::new();
    program
        .write("catalog/lake.toml", "connector = \"files\"\n[options]\nlocation = \"../data\"\n");
    program.write("data/raw/users.csv", "id,name\n1,ada\n");
    program.write("s.sql", "use lake.raw;\nselect name from users;\n\\save lake.reports.bad\n");
    let ran = program.run(&["-f", "s.sql"]);
    assert!(ran.stderr.contains("nothing is saved"), "{}", ran.stderr);
    assert!(!program.path("catalog/lake/reports").exists());
    program.write("s.sql", "show tables;\n\\save lake.reports.bad\n");
    let ran = program.run(&["-f", "s.sql"]);
    assert!(ran.stderr.contains("only a SELECT becomes a view"), "{}", ran.stderr);
    assert!(!program.path("catalog/lake/reports").exists());
}

#[test]
fn the_columns_of_a_statement_are_shown_and_nothing_runs() {
    let program = Program::new();
    let ran = program.run_with(&[], "create view made as select 1 as n \\gdesc");
    assert!(ran.stderr.contains("gives no rows"), "{}", ran.stderr);
    let text = "select 1 as n, 'x' as t \\gdesc\nselect * from made;";
    let ran = program.run_with(&["--csv"], text);
    assert_eq!(ran.stdout, "column,type\nn,BIGINT\nt,VARCHAR\n");
    assert!(ran.stderr.contains("made does not exist"), "{}", ran.stderr);
}

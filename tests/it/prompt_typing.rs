//! What helps while a statement is typed: completion, further lines, paste, the editor, the rc file.

use std::time::Duration;

use crate::program::Program;
use crate::prompt::{CTRL_D, Terminal};

const TAB: &str = "\t";
const CTRL_U: &str = "\x15";

/// Types a text and Tab until the rest appears: names come in the background.
fn completes(terminal: &mut Terminal, text: &str, rest: &str) {
    for _ in 0..30 {
        terminal.type_text(text);
        terminal.type_text(TAB);
        if terminal.comes(&format!("{text}{rest}"), Duration::from_millis(1000)) {
            terminal.type_text(CTRL_U);
            terminal.get_in_step();
            return;
        }
        terminal.type_text(CTRL_U);
    }
    panic!("{text} was not completed to {rest}; the screen:\n{}", terminal.seen);
}

#[test]
fn tab_completes_tables_columns_functions_keywords_settings_commands_and_files() {
    let program = Program::new();
    program.write("exports/first.csv", "a\n1\n");
    let mut terminal = Terminal::start(&program);
    terminal.line("create view answers as select 42 as number_of_things;");
    completes(&mut terminal, "select * from answ", "ers");
    completes(&mut terminal, "select * from answers where numb", "er_of_things");
    completes(&mut terminal, "select date_t", "runc(");
    completes(&mut terminal, "select 1 as n uni", "on");
    completes(&mut terminal, "set read_o", "nly");
    completes(&mut terminal, "\\crossta", "bview");
    completes(&mut terminal, "\\d answ", "ers");
    completes(&mut terminal, "select * from 'exports/fir", "st.csv'");
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn further_lines_say_what_is_open() {
    let mut terminal = Terminal::start(&Program::new());
    terminal.type_text("select 'a\r");
    terminal.wait_for("'> ");
    terminal.type_text("b' as t, (1\r");
    terminal.wait_for("(> ");
    let shown = terminal.line("+ 41) as n;");
    assert!(shown.contains("42"), "{shown}");
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn a_thousand_pasted_lines_with_tabs_are_one_statement() {
    let mut terminal = Terminal::start(&Program::new());
    let rows: Vec<String> = (0..1000).map(|n| format!("\t({n})")).collect();
    let text = format!("select count(*) + 41000 as pasted from (values\n{}) t;", rows.join(",\n"));
    terminal.type_text(&format!("\x1b[200~{text}\x1b[201~\r"));
    terminal.wait_for("42000");
    terminal.get_in_step();
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn the_editor_gives_the_next_statement() {
    let program = Program::new();
    program.write("editor.sh", "sed 's/40/42/' \"$1\" > edited && cp edited \"$1\"\n");
    let editor = [("EDITOR", "sh editor.sh")];
    let mut terminal = Terminal::start_with(&program, &[], &editor);
    terminal.line("select 40 * 1000 as n;");
    assert!(terminal.line("\\e").contains("42000"));
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn the_startup_file_is_run_unless_it_is_declined() {
    let program = Program::new();
    program.write("sluice/rc.sql", "\\set greeting hello\n");
    let mut terminal = Terminal::start(&program);
    assert!(terminal.line("select :'greeting' || ' you' as t;").contains("hello you"));
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
    let mut terminal = Terminal::start_with(&program, &["-X"], &[]);
    assert!(!terminal.line("\\set").contains("greeting"));
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn two_prompts_keep_the_lines_of_both() {
    let program = Program::new();
    let mut first = Terminal::start(&program);
    let mut second = Terminal::start(&program);
    first.line("select 'of the first' as t;");
    second.line("select 'of the second' as t;");
    first.line("select 'first again' as t;");
    for terminal in [&mut first, &mut second] {
        terminal.type_text(CTRL_D);
    }
    assert_eq!((first.code(), second.code()), (Some(0), Some(0)));
    let history = std::fs::read_to_string(program.path("sluice/history")).unwrap();
    for line in ["of the first", "of the second", "first again"] {
        assert!(history.contains(line), "{history}");
    }
}

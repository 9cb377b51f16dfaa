//! The prompt and what may happen to it: Ctrl-C in every state, another size, a terminal that is closed.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use crate::program::Program;
use crate::prompt::{CTRL_C, CTRL_D, PROMPT, Terminal};

/// Keeps a processor for longer than any test waits.
const ENDLESS: &str = "select count(*) as nested from generate_series(1, 1000000) a \
                       join generate_series(1, 1000000) b on a.value * b.value < -1;";

fn leave(mut terminal: Terminal) {
    terminal.get_in_step();
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn ctrl_c_on_an_empty_line_and_on_further_lines_gives_a_new_prompt() {
    let mut terminal = Terminal::start(&Program::new());
    terminal.type_text(CTRL_C);
    terminal.wait_for(PROMPT);
    terminal.type_text("select (1\r");
    terminal.wait_for("(> ");
    terminal.type_text(CTRL_C);
    terminal.wait_for(PROMPT);
    let shown = terminal.line("select 41999 + 1 as n;");
    assert!(shown.contains("42000") && !shown.contains("error"), "{shown}");
    leave(terminal);
}

#[test]
fn ctrl_c_ends_the_pager_and_not_the_prompt() {
    let pager = [("PAGER", "cat > /dev/null; echo pager waits; sleep 600")];
    let mut terminal = Terminal::start_with(&Program::new(), &[], &pager);
    terminal.type_text("select value from generate_series(1, 100);\r");
    terminal.wait_for("pager waits\r");
    // A shell between two programs takes the key for the one that has ended.
    terminal.type_text(CTRL_C);
    while !terminal.comes(PROMPT, Duration::from_secs(1)) {
        terminal.type_text(CTRL_C);
    }
    leave(terminal);
}

#[test]
fn ctrl_c_leaves_a_list_of_completions() {
    let mut terminal = Terminal::start(&Program::new());
    terminal.type_text("select \t");
    terminal.wait_for("try_cast(");
    terminal.type_text(CTRL_C);
    leave(terminal);
}

#[test]
fn ctrl_c_is_a_no_to_a_question_even_of_the_first_statement() {
    let mut terminal = Terminal::start(&Program::new());
    terminal.type_text("drop view answer;\r");
    terminal.wait_for("go on? [y/N]");
    terminal.type_text(CTRL_C);
    terminal.wait_for("cancelled");
    terminal.wait_for(PROMPT);
    leave(terminal);
}

#[test]
fn another_width_is_the_width_of_the_next_result() {
    let mut terminal = Terminal::start(&Program::new());
    let widest = |shown: String| shown.lines().map(|line| line.chars().count()).max();
    let sql = "select repeat('wide ', 100) as a, repeat('long ', 100) as b;";
    for columns in [120, 50, 80] {
        terminal.resize(columns);
        terminal.get_in_step();
        let shown = terminal.line(sql);
        let table: String =
            shown.lines().filter(|line| line.starts_with('│')).flat_map(|l| [l, "\n"]).collect();
        assert_eq!(widest(table), Some(columns.into()), "{shown}");
    }
    leave(terminal);
}

#[test]
fn a_terminal_that_is_closed_ends_the_query_and_keeps_the_history() {
    let program = Program::new();
    let mut terminal = Terminal::start(&program);
    terminal.line("select 'kept in mind' as t;");
    terminal.type_text(ENDLESS);
    terminal.type_text("\r");
    terminal.wait_for("\x1b[?2004l");
    let history = || std::fs::read_to_string(program.path("sluice/history")).unwrap_or_default();
    // A line is written down when it was taken, before it runs.
    while !history().contains("nested") {
        std::thread::yield_now();
    }
    let status = terminal.close();
    assert!(status.signal() == Some(libc::SIGHUP) || status.code() == Some(143), "{status}");
    let history = history();
    assert!(history.contains("kept in mind") && history.contains("nested"), "{history}");
    // The next prompt has the line.
    let mut terminal = Terminal::start(&program);
    assert!(terminal.line("\\s").contains("kept in mind"));
    leave(terminal);
}

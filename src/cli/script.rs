//! Scripts: `-c`, `-f` and standard input in order, and the code that they end with.

use std::io::Read;

use arrow::array::AsArray;

use super::args::{Args, Input};
use super::exit::Exit;
use super::report;
use crate::engine::statement::split::{Part, PartKind, split};
use crate::error::{Error, ErrorKind, Result};
use crate::repl::{Failure, Shell, Source};

/// A text to run and where it comes from.
struct Text {
    text: String,
    source: Source,
    is_script: bool,
}

fn read(input: &Input) -> Result<Text> {
    let text = |name: &str, text, is_script| Text {
        text,
        source: Source { name: name.to_owned(), folder: None },
        is_script,
    };
    match input {
        Input::Command(sql) => Ok(text("-c", sql.clone(), false)),
        Input::File(path) if path.as_os_str() == "-" => {
            let mut sql = String::new();
            std::io::stdin()
                .read_to_string(&mut sql)
                .map_err(|e| Error::config(format!("standard input: {e}")).with_source(e))?;
            Ok(text("<stdin>", sql, true))
        }
        Input::File(path) => {
            let sql = std::fs::read_to_string(path)
                .map_err(|e| Error::config(format!("{}: {e}", path.display())).with_source(e))?;
            let source = Source {
                name: path.display().to_string(),
                folder: path.parent().map(std::path::Path::to_owned),
            };
            Ok(Text { text: sql, source, is_script: true })
        }
    }
}

/// Runs everything that the command line names, standard input if it names nothing.
pub(super) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let stdin = [Input::File("-".into())];
    let inputs = if args.inputs.is_empty() { &stdin[..] } else { &args.inputs.0 };
    let texts = inputs.iter().map(read).collect::<Result<Vec<_>>>()?;
    for text in &texts {
        shell.refuse_unknown(&text.text, &args.variables)?;
    }
    refuse_several_results(args, &texts)?;
    let mut exit = Exit::SUCCESS;
    for text in texts {
        let failure = match shell.run_text(&text.text, text.source) {
            Ok(crate::repl::Flow::Continue) => continue,
            Ok(crate::repl::Flow::Quit) => break,
            Err(failure) => failure,
        };
        if failure.is_closed_pipe() {
            break;
        }
        let code = code(&failure, text.is_script);
        if exit == Exit::SUCCESS {
            exit = code;
        }
        if !args.go_on {
            eprintln!("{}", failure.text());
        }
        if !args.go_on || failure.error.kind() == ErrorKind::Cancelled {
            eprintln!("error: kind={} {}", failure.error.kind(), failure.place());
            break;
        }
        eprintln!("error: kind={} {}", failure.error.kind(), failure.place());
    }
    report::write(&args.report, shell.ran())?;
    Ok(exit)
}

fn code(failure: &Failure, is_script: bool) -> Exit {
    if failure.terminated {
        Exit::TERMINATED
    } else if is_script {
        Exit::of_script(failure.error.kind())
    } else {
        Exit::of_command_line(failure.error.kind())
    }
}

/// The words that statements with rows begin with.
const WITH_ROWS: &[&str] = &[
    "SELECT",
    "WITH",
    "VALUES",
    "FROM",
    "SHOW",
    "DESCRIBE",
    "DESC",
    "EXPLAIN",
    "SUMMARIZE",
    "EXECUTE",
    "CHECK",
    "INFER",
    "(",
];

/// parquet and arrow hold one result: said before the first statement runs.
fn refuse_several_results(args: &Args, texts: &[Text]) -> Result<()> {
    let Some(name) = args.output_format.as_deref() else { return Ok(()) };
    if !crate::render::format(name)?.holds_one_result() {
        return Ok(());
    }
    let with_rows = |part: &&Part<'_>| {
        part.kind == PartKind::Statement && WITH_ROWS.contains(&first_word(part.text).as_str())
    };
    let count: usize =
        texts.iter().map(|text| split(&text.text).iter().filter(with_rows).count()).sum();
    if count == 1 {
        return Ok(());
    }
    Err(Error::config(format!("{name} holds exactly one result, and {count} statements give rows"))
        .with_hint("run them one at a time, or use COPY (…) TO '…'"))
}

/// The first word of a statement behind its comments, in capitals; `(` for a bracket.
fn first_word(statement: &str) -> String {
    let mut rest = statement.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            break;
        };
        rest = after.trim_start();
    }
    if rest.starts_with('(') {
        return "(".to_owned();
    }
    rest.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase()
}

/// `sluice check`: the findings, and a failure if one of them is an error.
pub(super) fn check(shell: &mut Shell, catalog: Option<&str>) -> Result<Exit> {
    let sql = match catalog {
        Some(name) => format!("CHECK CATALOG {}", quoted(name)),
        None => "CHECK CATALOG".to_owned(),
    };
    let mut failed = false;
    shell.statement_seen(&sql, &mut |findings| {
        let severities = findings.column(0).as_string::<i32>();
        failed |= severities.iter().flatten().any(|severity| severity == "error");
    })?;
    Ok(if failed { Exit::USAGE } else { Exit::SUCCESS })
}

/// `sluice clean`: names what it removes.
pub(super) fn clean(shell: &mut Shell, catalog: &str, older_than: &str) -> Result<Exit> {
    let age = older_than.replace('\'', "''");
    let sql = format!("CLEAN CATALOG {} OLDER THAN '{age}'", quoted(catalog));
    shell.statement_seen(&sql, &mut |_| {})?;
    Ok(Exit::SUCCESS)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

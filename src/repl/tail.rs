//! A statement without an end, its rows shown as they come.

use std::time::Duration;

use super::output::Display;
use super::pager::Paging;
use super::progress::ProgressLine;
use super::run::{Show, TICK, begun, cancelled};
use super::shell::Shell;
use crate::engine::{Outcome, Query};
use crate::error::{Error, ErrorKind, Result};

/// How long the end of a statement is waited for, whose rows nobody wants any more.
const STOPPING: Duration = Duration::from_millis(100);

/// Runs a statement whose rows are shown at once, until Ctrl-C: at the prompt that is how it ends,
/// in a script an error as everywhere. Returns the rows shown.
///
/// # Errors
/// The statement's own, or one of writing its rows.
pub(super) fn tail(shell: &mut Shell, sql: &str) -> Result<u64> {
    let parameters = shell.variables.parameters()?;
    let display = trickling(&shell.display);
    let Shell { runtime, interrupts, session, output, interactive, last_id, color, .. } = shell;
    runtime.block_on(async {
        interrupts.listen()?;
        let mut progress = ProgressLine::new(*color);
        let mut ticks = tokio::time::interval(TICK);
        let query = begun(&**session, sql, &parameters, interrupts, &mut ticks, &mut progress);
        let mut query = query.await.map_err(no_stream)?;
        progress.clear();
        *last_id = Some(query.id().to_owned());
        let Outcome::Rows(schema) = query.outcome().clone() else {
            return Err(Error::internal("what is followed gives no rows"));
        };
        if *interactive && !display.quiet {
            eprintln!("Ctrl-C ends it");
        }
        output.begin(&display, false);
        let mut show = Show::open(&display, output, &schema, *color)?;
        let mut told = 0;
        let ended = loop {
            tokio::select! {
                batch = query.next() => match batch {
                    None => break Ok(()),
                    Some(Err(e)) => break Err(e),
                    Some(Ok(batch)) => {
                        show.batch(&batch)?;
                        show.flush()?;
                    }
                },
                interrupt = interrupts.next() => break Err(cancelled(interrupt)),
                _ = ticks.tick() => {
                    told = tell_outages(query.as_ref(), told);
                    show.hold_reader()?;
                }
            }
        };
        if ended.is_err() {
            // What it has read becomes its receipt, if that is done soon.
            let _ = tokio::time::timeout(STOPPING, query.stop()).await;
        }
        if *interactive && ended.is_err() {
            // Behind the `^C` that the terminal shows.
            eprintln!();
        }
        let shown = show.finish()?;
        output.end()?;
        tell_outages(query.as_ref(), told);
        for note in query.notes().into_iter().chain(shown.notes) {
            eprintln!("note: {note}");
        }
        match ended {
            Err(e) if *interactive && e.kind() == ErrorKind::Cancelled => Ok(shown.rows),
            ended => ended.map(|()| shown.rows),
        }
    })
}

/// Everything is shown, and nothing waits for more.
fn trickling(display: &Display) -> Display {
    let mut display = Display { paging: Paging::Off, display_rows: 0, ..display.clone() };
    display.options.sample_rows = 1;
    display
}

/// Says which systems did not answer, but for the first `told`; how many there are by now.
fn tell_outages(query: &dyn Query, told: usize) -> usize {
    let outages = query.outages();
    for outage in outages.iter().skip(told) {
        eprintln!("warning: {outage}: asked again until it answers");
    }
    outages.len().max(told)
}

/// In the words of who typed `\tail`.
fn no_stream(error: Error) -> Error {
    let Some(table) = error.message().strip_prefix("stream_follow() does not read ") else {
        return error;
    };
    let ours = Error::new(error.kind(), format!("{table} is no stream: nothing comes to it"));
    match error.hint().and_then(|hint| hint.strip_prefix("it reads ")) {
        Some(what) => ours.with_hint(format!("\\tail follows {what}")),
        None => ours,
    }
}

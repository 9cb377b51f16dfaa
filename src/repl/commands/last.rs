//! `\last`: the last result, nothing cut or hidden.

use super::{Command, Failed, Flow};
use crate::error::Error;
use crate::repl::shell::Shell;

/// Show the last result again, whole.
pub(super) struct Last;

impl Command for Last {
    fn names(&self) -> &'static [&'static str] {
        &["last"]
    }

    fn usage(&self) -> &'static str {
        "\\last"
    }

    fn about(&self) -> &'static str {
        "show the last result again, whole"
    }

    fn example(&self) -> &'static str {
        "\\last"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = arguments;
        let result = shell.last_result.clone();
        let result = result.ok_or_else(|| Error::sql("there is no result yet"))?;
        shell.display.whole = true;
        let shown = shell.show(&result);
        shell.display.whole = false;
        shown?;
        if result.is_cut {
            let rows: usize = result.batches.iter().map(|batch| batch.num_rows()).sum();
            eprintln!(
                "note: only the first {rows} rows are kept: \\pset display_rows 0 and \\g show all"
            );
        }
        Ok(Flow::Continue)
    }
}

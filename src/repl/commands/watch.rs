//! `\watch`: the same statement again and again.

use std::time::Duration;

use super::{Argument, Command};
use crate::error::Error;
use crate::error::Result as Answer;
use crate::repl::shell::Shell;
use crate::repl::watch::watch;

/// Run the statement again and again; Ctrl-C ends it.
pub(super) struct Watch;

impl Command for Watch {
    fn names(&self) -> &'static [&'static str] {
        &["watch"]
    }

    fn usage(&self) -> &'static str {
        "\\watch [SECONDS] [changes]"
    }

    fn about(&self) -> &'static str {
        "run the statement again and again; Ctrl-C ends it"
    }

    fn example(&self) -> &'static str {
        "select count(*) from events \\watch 5 changes"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["2", "10", "60"]), Argument::Words(&["changes"])]
    }

    fn sends(&self) -> bool {
        true
    }

    fn send(&self, shell: &mut Shell, sql: &str, arguments: &str) -> Answer<u64> {
        let mut words = arguments.split_whitespace();
        let mut seconds = 2.0;
        let mut changes = false;
        for word in words.by_ref() {
            match word.parse::<f64>() {
                Ok(number) if number > 0.0 && number < 1e6 => seconds = number,
                _ if word == "changes" => changes = true,
                _ => {
                    let error = Error::sql(format!("\\watch takes seconds, not `{word}`"));
                    return Err(error.with_hint("\\watch 5, or \\watch 5 changes"));
                }
            }
        }
        watch(shell, sql, Duration::from_secs_f64(seconds), changes)
    }
}

//! `\ns`: a name for a query.

use super::{Argument, Command, Failed, Flow};
use crate::error::Error;
use crate::repl::named_queries;
use crate::repl::shell::Shell;

/// Give the last statement, or this one, a name.
pub(super) struct NamedSave;

impl Command for NamedSave {
    fn names(&self) -> &'static [&'static str] {
        &["ns"]
    }

    fn usage(&self) -> &'static str {
        "\\ns NAME [SQL]"
    }

    fn about(&self) -> &'static str {
        "give the last statement, or this one, a name"
    }

    fn example(&self) -> &'static str {
        "\\ns top_users select * from users limit $1"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::None, Argument::Sql]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let (name, sql) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        if name.is_empty() {
            return Err(Error::sql("\\ns takes a name, and the query it is for").into());
        }
        let last = shell.last.clone().unwrap_or_default();
        let sql = if sql.trim().is_empty() { last } else { sql.to_owned() };
        if sql.trim().is_empty() {
            return Err(Error::sql("nothing has been run yet").into());
        }
        named_queries::save(name, &sql)?;
        Ok(Flow::Continue)
    }
}

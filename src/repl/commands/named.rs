//! `\n`: a query by its name.

use super::{Argument, Command, Failed, Flow};
use crate::repl::named_queries;
use crate::repl::shell::Shell;
use crate::repl::shell::Source;

/// Run a query that has a name, or list them.
pub(super) struct Named;

impl Command for Named {
    fn names(&self) -> &'static [&'static str] {
        &["n"]
    }

    fn usage(&self) -> &'static str {
        "\\n [NAME [ARGUMENT …]]"
    }

    fn about(&self) -> &'static str {
        "run a query that has a name, or list them"
    }

    fn example(&self) -> &'static str {
        "\\n top_users 10"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Query, Argument::None]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let mut words = arguments.split_whitespace();
        let Some(name) = words.next() else {
            for (name, sql) in named_queries::all()? {
                shell.say(&format!(
                    "{name:<20} {}",
                    sql.split_whitespace().collect::<Vec<_>>().join(" ")
                ))?;
            }
            return Ok(Flow::Continue);
        };
        let given: Vec<&str> = words.collect();
        let text = named_queries::with_arguments(&named_queries::get(name)?, &given)?;
        let source = Source { name: format!("\\n {name}"), folder: None };
        shell.run_text(&text, source).map_err(Failed::Within)
    }
}

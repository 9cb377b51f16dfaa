//! The shell: what runs the text of a prompt, a file or standard input, statement by statement.
//!
//! [`Shell`] is the state that scripts and the prompt share (session, variables, output);
//! [`prompt`] is the prompt on top of it, [`commands`] the `\commands`; [`complete`] and [`highlight`]
//! help while a statement is typed, by what [`names`] knows and [`draft`] reads. What a statement means is
//! the engine's, how rows look is `render`'s, which exit code follows is `cli`'s.

mod catalog_files;
mod chart;
mod color;
mod commands;
mod complete;
mod crosstab;
mod draft;
mod elsewhere;
mod error_text;
mod failure;
mod footer;
mod highlight;
mod interrupt;
mod named_queries;
mod names;
mod output;
mod own_pager;
mod pager;
mod partitions;
mod profile;
mod progress;
mod prompt;
mod receipt;
mod run;
mod shell;
mod tail;
mod variables;
mod warning;
mod watch;
mod whole_file;

pub use color::ColorChoice;
pub use commands::Flow;
pub use error_text::error_text;
pub use failure::Failure;
pub use output::{Display, Expanded, Output};
pub use prompt::{Left, PromptOptions, prompt};
pub use receipt::ReceiptLine;
pub use shell::{Ran, Shell, ShellOptions, Source};

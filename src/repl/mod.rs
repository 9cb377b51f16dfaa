//! The shell: what runs the text of a prompt, a file or standard input, statement by statement.
//!
//! [`Shell`] is the state that scripts and the prompt share (session, variables, output);
//! [`prompt`] is the prompt on top of it, [`commands`] the `\commands`. What a statement means is
//! the engine's, how rows look is `render`'s, which exit code follows is `cli`'s.

mod commands;
mod error_text;
mod interrupt;
mod output;
mod prompt;
mod receipt;
mod shell;
mod variables;

pub use commands::Flow;
pub use error_text::error_text;
pub use output::{Display, Output};
pub use prompt::{Left, prompt};
pub use receipt::ReceiptLine;
pub use shell::{Failure, Ran, Shell, ShellOptions, Source};

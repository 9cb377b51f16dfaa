//! Parses, picks a front end, prints one error, exits with its code. All of it is `cli`'s.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sluice::cli::run()
}

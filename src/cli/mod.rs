//! The command line: flags, configuration, scripts, exit codes.

mod args;
mod catalog_add;
mod config;
mod connect;
mod exit;
mod report;
mod role_args;
mod script;
mod serve;
mod trust;
mod users;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

use crate::engine::{Engine, QUERY_THREAD, Session};
use crate::error::{Error, Result};
use crate::repl::{Display, Left, Output, PromptOptions, Shell, ShellOptions, prompt};
use args::{Args, Sub};
use exit::Exit;

/// Runs the program.
pub fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(e) => {
            // Help and version are no errors and go to standard output.
            let _ = e.print();
            return if e.use_stderr() { Exit::USAGE.code() } else { Exit::SUCCESS.code() };
        }
    };
    quiet_query_panics();
    match run_args(&args) {
        Ok(exit) => exit.code(),
        Err(e) => {
            eprintln!("{}", crate::repl::error_text(&e, "", None));
            eprintln!("error: kind={}", e.kind());
            Exit::of_command_line(e.kind()).code()
        }
    }
}

/// A panic of a statement is reported as that statement's error; only who asks for a backtrace
/// gets the place in the code too.
fn quiet_query_panics() {
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
        return;
    }
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(QUERY_THREAD) {
            usual(panic);
        }
    }));
}

fn run_args(args: &Args) -> Result<Exit> {
    match &args.command {
        Some(Sub::Completions { shell }) => {
            let mut command = Args::command();
            clap_complete::generate(*shell, &mut command, "sluice", &mut std::io::stdout());
            Ok(Exit::SUCCESS)
        }
        Some(Sub::Man) => {
            let page = clap_mangen::Man::new(Args::command());
            page.render(&mut std::io::stdout())
                .map_err(|e| Error::unavailable(format!("the page cannot be written: {e}")))?;
            Ok(Exit::SUCCESS)
        }
        Some(Sub::Trust { folder }) => trust::run(folder.as_deref()),
        Some(Sub::Catalog { command: args::CatalogSub::Add { name, location } }) => {
            let added = catalog_add::run(&config::catalog_dir_to_write(args)?, name, location)?;
            eprintln!("{added}");
            Ok(Exit::SUCCESS)
        }
        Some(Sub::Serve(serve)) => serve::run(args, serve),
        Some(Sub::User { users, command }) => users::user(users, command),
        Some(Sub::Role { users, command }) => users::role(users, command),
        Some(Sub::Token { users, command }) => users::token(users, command),
        Some(Sub::Check { catalog }) => {
            let mut shell = shell(args)?.0;
            let found = script::check(&mut shell, catalog.as_deref())?;
            if catalog.is_none() && args.connect.is_none() {
                serve::check(args)?;
            }
            Ok(found)
        }
        Some(Sub::Clean { catalog, older_than }) => {
            let mut shell = shell(args)?.0;
            script::clean(&mut shell, catalog, older_than)
        }
        None => {
            let (mut shell, engine) = shell(args)?;
            let stdin_is_script = !std::io::stdin().is_terminal();
            let ended = if args.inputs.is_empty() && !stdin_is_script {
                let options = PromptOptions {
                    banner: if args.quiet { String::new() } else { banner(engine.as_ref(), args) },
                    startup_file: config::startup_file().filter(|_| !args.no_rc),
                    vi: args.editing_mode == Some(args::EditingMode::Vi),
                };
                prompt(&mut shell, &options).map(|left| match left {
                    Left::Quit => Exit::SUCCESS,
                    Left::Terminated => Exit::TERMINATED,
                })
            } else {
                script::run(&mut shell, args)
            };
            if let Some(engine) = engine {
                engine.close();
            }
            ended
        }
    }
}

/// Catalogs that are named at the start, if there are many.
const CATALOGS_NAMED: usize = 10;

fn banner(engine: Option<&Engine>, args: &Args) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let Some(engine) = engine else {
        let server = args.connect.as_deref().unwrap_or_default();
        return format!(
            "sluice {version}, statements run at {server}\n\\? for help, \\q to leave, statements end with ;"
        );
    };
    let catalog = match engine.catalog_dir() {
        Some(folder) => {
            let full = std::path::absolute(&folder).unwrap_or(folder);
            format!("catalog folder {}", full.display())
        }
        None => "no catalog: sluice catalog add NAME LOCATION makes one".to_owned(),
    };
    let names = engine.catalog_names();
    let catalogs = match names.as_slice() {
        [] => String::new(),
        names => format!(
            "\ncatalogs: {}; SHOW ALL TABLES lists what is in them",
            names.iter().take(CATALOGS_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ")
                + if names.len() > CATALOGS_NAMED { ", …" } else { "" }
        ),
    };
    format!(
        "sluice {version}, {catalog}{catalogs}\n\\? for help, \\q to leave, statements end with ;"
    )
}

/// A shell over a session: of an engine here, or on a server.
fn shell(args: &Args) -> Result<(Shell, Option<Engine>)> {
    let (session, engine): (Box<dyn Session>, _) = match &args.connect {
        Some(url) => (connect::session(args, url)?, None),
        None => {
            let engine = Engine::start(config::engine_options(args)?)?;
            (Box::new(engine.session()), Some(engine))
        }
    };
    let mut display = Display::new()?;
    args.apply_to(&mut display)?;
    let output = match &args.output {
        Some(path) => Output::file(path)?,
        None => Output::stdout(),
    };
    let options = ShellOptions {
        display,
        output,
        variables: args.variables.clone(),
        color: args.color.into(),
        echo: args.echo,
        go_on: args.go_on,
        catalog_dir: engine.as_ref().and_then(Engine::catalog_dir),
        server: args.connect.clone(),
        own_catalog: config::own_catalog(),
        receipts: args.report.iter().any(|(format, _)| format == "json"),
    };
    let shell = Shell::new(session, options)?;
    Ok((shell, engine))
}

//! `--connect`: a session on a server, with what the command line says of it.

use super::args::Args;
use super::config;
use crate::client::{Login, RemoteSession, Target};
use crate::engine::Session;
use crate::error::{Error, Result};

/// Connects.
pub(super) fn session(args: &Args, url: &str) -> Result<Box<dyn Session>> {
    refuse_what_is_the_servers(args)?;
    let mut target = Target::parse(url)?;
    target.ca.clone_from(&args.ca);
    target.identity = args.client_certificate.clone().zip(args.client_key.clone());
    let options = config::session_options(args);
    Ok(Box::new(RemoteSession::connect(&target, &login(args)?, &options)?))
}

fn login(args: &Args) -> Result<Login> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(user) = &args.user {
        let password = variable("SLUICE_PASSWORD").ok_or_else(|| {
            Error::unauthenticated(format!("the password of {user} is not known"))
                .with_hint("put it into the environment as SLUICE_PASSWORD")
        })?;
        return Ok(Login::Password { user: user.clone(), password });
    }
    Ok(variable("SLUICE_TOKEN").map_or(Login::Nobody, Login::Token))
}

fn refuse_what_is_the_servers(args: &Args) -> Result<()> {
    let given = [
        ("--memory-limit", args.memory_limit.is_some()),
        ("--spill-dir", args.spill_dir.is_some()),
        ("--spill-limit", args.spill_limit.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((flag, _)) => {
            Err(Error::config(format!("{flag} is the server's: leave it out with --connect")))
        }
        None => Ok(()),
    }
}

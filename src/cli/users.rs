//! `sluice user` and `sluice token`: the file of a server's users.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use super::args::{TokenSub, UserSub};
use super::exit::Exit;
use crate::engine::Rights;
use crate::error::{Error, Result};
use crate::server::Users;

/// The variable of the environment that may hold a password.
const PASSWORD: &str = "SLUICE_PASSWORD";

/// Works on users.
pub(super) fn user(path: &Path, command: &UserSub) -> Result<Exit> {
    let mut users = Users::read(path)?;
    match command {
        UserSub::Add { name, files, operator, no_password } => {
            let password = if *no_password { None } else { Some(password(name)?) };
            let rights = Rights { files: *files, operator: *operator };
            users.set(name, password.as_deref(), rights)?;
            users.write(path)?;
            eprintln!("user {name} is in {}", path.display());
        }
        UserSub::Remove { name } => {
            users.remove(name)?;
            users.write(path)?;
            eprintln!("user {name} is gone");
        }
        UserSub::List => {
            for (name, rights, tokens) in users.list() {
                let rights = [("files", rights.files), ("operator", rights.operator)];
                let rights: Vec<_> =
                    rights.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
                println!("{name}\t{}\t{}", rights.join(","), tokens.join(","));
            }
        }
    }
    Ok(Exit::SUCCESS)
}

/// Works on tokens.
pub(super) fn token(path: &Path, command: &TokenSub) -> Result<Exit> {
    let mut users = Users::read(path)?;
    match command {
        TokenSub::Add { user, name } => {
            let token = users.add_token(user, name)?;
            users.write(path)?;
            eprintln!("the token of {user} is shown once, here:");
            println!("{token}");
        }
        TokenSub::Remove { user, name } => {
            users.remove_token(user, name)?;
            users.write(path)?;
            eprintln!("token {name} of {user} is gone");
        }
    }
    Ok(Exit::SUCCESS)
}

fn password(name: &str) -> Result<String> {
    if let Ok(password) = std::env::var(PASSWORD) {
        return Ok(password);
    }
    if std::io::stdin().is_terminal() {
        return Err(Error::config(format!("the password of {name} would be seen as it is typed"))
            .with_hint(format!("put it into ${PASSWORD}, or into standard input from a file")));
    }
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|e| Error::config(format!("standard input: {e}")).with_source(e))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

//! `sluice user`, `sluice role` and `sluice token`: the file of a server's users.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use super::args::{RoleSub, TokenSub, UserSub};
use super::exit::Exit;
use crate::error::{Error, Result};
use crate::server::Users;

/// The variable of the environment that may hold a password.
const PASSWORD: &str = "SLUICE_PASSWORD";

/// Works on users.
pub(super) fn user(path: &Path, command: &UserSub) -> Result<Exit> {
    let mut users = Users::read(path)?;
    match command {
        UserSub::Add { name, roles, no_password } => {
            let password = if *no_password { None } else { Some(password(name)?) };
            users.set(name, password.as_deref(), roles)?;
            users.write(path)?;
            let roles = users.list().find(|(user, ..)| user == name).map(|(_, roles, _)| roles);
            let roles = roles.unwrap_or_default().join(", ");
            eprintln!("user {name} is in {}: {roles}", path.display());
        }
        UserSub::Remove { name } => {
            users.remove(name)?;
            users.write(path)?;
            eprintln!("user {name} is gone");
        }
        UserSub::List => {
            for (name, roles, tokens) in users.list() {
                println!("{name}\t{}\t{}", roles.join(","), tokens.join(","));
            }
        }
    }
    Ok(Exit::SUCCESS)
}

/// Works on roles.
pub(super) fn role(path: &Path, command: &RoleSub) -> Result<Exit> {
    let mut users = Users::read(path)?;
    match command {
        RoleSub::Add { name, role } => {
            users.set_role(name, role.role())?;
            users.write(path)?;
            eprintln!("role {name} is in {}", path.display());
        }
        RoleSub::Remove { name } => {
            users.remove_role(name)?;
            users.write(path)?;
            eprintln!("role {name} is gone");
        }
        RoleSub::List => {
            for (name, role) in users.roles() {
                let statements = role.statements.map(|most| ("statements", most.to_string()));
                let limits = statements.into_iter().chain(role.limits.settings());
                let limits: Vec<_> =
                    limits.map(|(name, value)| format!("{name}={value}")).collect();
                let [read, write] = [&role.read, &role.write].map(|places| places.join(","));
                let rights = role.named().join(",");
                println!("{name}\t{read}\t{write}\t{rights}\t{}", limits.join(","));
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

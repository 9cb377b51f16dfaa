//! Users of a server: names, hashes of passwords and tokens, roles, in a file of their own.
//!
//! The file is written by `sluice user`, `sluice role` and `sluice token` in one step, readable by its owner alone,
//! and read again by a running server when it has changed. It never has a password or a token in it.

mod roles;

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::secret::{random, same};
use crate::engine::{Limits, Rights};
use crate::error::{Error, Result, nearest};
pub use roles::{BUILT_IN, READER, Role};

/// What tokens begin with, so that they are found where they should not be.
const TOKEN_PREFIX: &str = "sluice-token-";

/// All users and their roles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// Roles by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    roles: BTreeMap<String, Role>,
    /// Users by name.
    #[serde(default)]
    users: BTreeMap<String, User>,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    /// The argon2id hash of the password; none lets in by token alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    /// The names of the roles; without one no catalog is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    /// How many statements run at once, in the place of what the roles say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statements: Option<usize>,
    /// How far statements go, in the place of what the roles say.
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    limits: Limits,
    /// SHA-256 of tokens by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tokens: BTreeMap<String, String>,
}

impl Users {
    /// Reads a file; one that is not there has no users.
    ///
    /// # Errors
    /// `Config` for a file that others can read, or that is not TOML of users.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |e: String| Error::config(format!("{}: {e}", path.display()));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(wrong(e.to_string())),
        };
        let mode = std::fs::metadata(path).map_err(|e| wrong(e.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(wrong("others than its owner can read or write it".to_owned())
                .with_hint(format!("chmod 600 {}", path.display())));
        }
        let users: Self =
            toml::from_str(&text).map_err(|e| wrong(e.to_string().trim_end().to_owned()))?;
        users.checked().map_err(|e| e.within(path.display()))?;
        Ok(users)
    }

    /// Refuses what serde does not know to be wrong.
    fn checked(&self) -> Result<()> {
        for (name, role) in &self.roles {
            self.clone().set_role(name, role.clone())?;
        }
        for (name, user) in &self.users {
            let wrong = |e: Error| e.within(format!("user {name}"));
            let known = user.roles.iter().try_for_each(|role| self.role(role).map(drop));
            known.map_err(|e| wrong(Error::config(e.message().to_owned())))?;
            roles::checked(&user.limits).map_err(wrong)?;
        }
        Ok(())
    }

    /// Writes the file in one step.
    ///
    /// # Errors
    /// `Config` when it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let wrong =
            |e: std::io::Error| Error::config(format!("{}: {e}", path.display())).with_source(e);
        let text = toml::to_string(self).map_err(|e| Error::internal(e.to_string()))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(wrong)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
        file.as_file().set_permissions(Permissions::from_mode(0o600)).map_err(wrong)?;
        file.write_all(b"# Written by `sluice user`, `sluice role` and `sluice token`.\n\n")
            .map_err(wrong)?;
        file.write_all(text.as_bytes()).map_err(wrong)?;
        file.as_file().sync_all().map_err(wrong)?;
        file.persist(path).map_err(|e| wrong(e.error))?;
        Ok(())
    }

    /// Whether there is no user.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The users' names with those of their roles and of their tokens.
    pub fn list(&self) -> impl Iterator<Item = (&str, Vec<&str>, Vec<&str>)> {
        self.users.iter().map(|(name, user)| {
            let roles = user.roles.iter().map(String::as_str).collect();
            let tokens = user.tokens.keys().map(String::as_str).collect();
            (name.as_str(), roles, tokens)
        })
    }

    /// Makes a user with roles, or gives one another password and other roles. Without roles, a new
    /// user is a [`READER`], and one that is there keeps his.
    ///
    /// # Errors
    /// `Config` for a name that cannot be one, `NotFound` for a role that there is not.
    pub fn set(&mut self, name: &str, password: Option<&str>, roles: &[String]) -> Result<()> {
        if name.is_empty() || name.contains([':', '\n']) {
            return Err(Error::config(format!("`{name}` is no user's name: it has no `:`")));
        }
        roles.iter().try_for_each(|role| self.role(role).map(drop))?;
        let hash = password.map(hashed).transpose()?;
        let is_new = !self.users.contains_key(name);
        let user = self.users.entry(name.to_owned()).or_default();
        if hash.is_some() {
            user.password = hash;
        }
        if !roles.is_empty() {
            user.roles = roles.to_vec();
        } else if is_new {
            user.roles = vec![READER.to_owned()];
        }
        Ok(())
    }

    /// Takes a user away.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn remove(&mut self, name: &str) -> Result<()> {
        self.user(name)?;
        self.users.remove(name);
        Ok(())
    }

    /// A new token of a user. It is in no file: who loses it needs another one.
    ///
    /// # Errors
    /// `NotFound` for the user, `Config` for a name that a token has already.
    pub fn add_token(&mut self, user: &str, name: &str) -> Result<String> {
        let user = self.user(user)?;
        if user.tokens.contains_key(name) {
            return Err(Error::config(format!("there is a token {name} already")));
        }
        let token = format!("{TOKEN_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?));
        user.tokens.insert(name.to_owned(), digest(&token));
        Ok(token)
    }

    /// Takes a token away.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn remove_token(&mut self, user: &str, name: &str) -> Result<()> {
        let removed = self.user(user)?.tokens.remove(name);
        removed.map(drop).ok_or_else(|| Error::not_found(format!("{user} has no token {name}")))
    }

    fn user(&mut self, name: &str) -> Result<&mut User> {
        if !self.users.contains_key(name) {
            let error = Error::not_found(format!("there is no user {name}"));
            return Err(match nearest(name, self.users.keys().map(String::as_str)) {
                Some(near) => error.with_hint(format!("did you mean {near}?")),
                None => error.with_hint("sluice user list shows them"),
            });
        }
        self.users.get_mut(name).ok_or_else(|| Error::internal("a user is gone"))
    }

    /// What a user may do; `None` for one that is not known.
    pub(super) fn rights(&self, name: &str) -> Option<Rights> {
        let user = self.users.get(name)?;
        let mut rights = Rights::default();
        for role in &user.roles {
            // Checked when the file was read; a role that is none opens nothing.
            if let Ok(role) = self.role(role).and_then(|role| role.rights()) {
                rights.extend(&role);
            }
        }
        rights.statements = user.statements.or(rights.statements);
        rights.limits.replace(&user.limits);
        Some(rights)
    }

    /// The user of a token.
    pub(super) fn of_token(&self, token: &str) -> Option<&str> {
        let digest = digest(token);
        let mut found = None;
        // All of them, so that the time says nothing about whose token is nearly right.
        for (name, user) in &self.users {
            for known in user.tokens.values() {
                if same(known, &digest) {
                    found = Some(name.as_str());
                }
            }
        }
        found
    }

    /// The hash of a user's password; that of nobody's for a user that is not known, so that it takes
    /// as long to find out.
    pub(super) fn hash(&self, name: &str) -> String {
        let known = self.users.get(name).and_then(|user| user.password.clone());
        known.unwrap_or_else(|| NOBODYS.to_owned())
    }
}

/// The hash of 32 random bytes that were thrown away.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$Fa0L8Q3bYQkY1sXkK8pWmA$\
     6Xy0Jb1oV8m5pQ2sT7uW9zA1cE3gI5kM7oQ9sU1wY3A";

fn digest(token: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hashed(password: &str) -> Result<String> {
    if password.is_empty() {
        return Err(Error::config("a password has at least one letter"));
    }
    let salt = SaltString::encode_b64(&random::<16>()?);
    let salt = salt.map_err(|e| Error::internal(format!("salt: {e}")))?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|e| Error::internal(format!("argon2: {e}")))
}

/// Whether a password has this hash. Takes some 20 ms by intent.
pub(super) fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let mut users = Users::default();
        users.set("ada", Some("secret"), &[]).unwrap();
        let hash = users.hash("ada");
        assert!(hash.starts_with("$argon2id$") && !hash.contains("secret"));
        assert!(verify("secret", &hash));
        assert!(!verify("Secret", &hash));
        assert!(PasswordHash::new(NOBODYS).is_ok(), "checking it takes its time");
        assert!(!verify("", &users.hash("nobody")));
    }

    #[test]
    fn a_token_names_its_user_until_it_is_taken_away() {
        let mut users = Users::default();
        assert!(users.add_token("ada", "dashboards").is_err());
        users.set("ada", None, &[]).unwrap();
        let token = users.add_token("ada", "dashboards").unwrap();
        assert_eq!(users.of_token(&token), Some("ada"));
        assert_eq!(users.of_token("sluice-token-x"), None);
        users.remove_token("ada", "dashboards").unwrap();
        assert_eq!(users.of_token(&token), None);
    }

    #[test]
    fn the_file_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.toml");
        let mut users = Users::read(&path).unwrap();
        assert!(users.is_empty());
        let admin = ["admin".to_owned()];
        users.set("ada", Some("secret"), &admin).unwrap();
        users.write(&path).unwrap();
        assert_eq!(Users::read(&path).unwrap(), users);
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(Users::read(&path).unwrap_err().hint().unwrap().starts_with("chmod 600"));
    }

    #[test]
    fn users_may_what_their_roles_say_and_nothing_without_one() {
        let mut users = Users::default();
        let role = Role {
            read: vec!["lake".to_owned()],
            kill: true,
            statements: Some(3),
            limits: Limits { max_scan_bytes: Some(7), ..Limits::NONE },
            ..Role::default()
        };
        assert!(users.set_role("reader", role.clone()).is_err(), "it is built in");
        users.set_role("lakes", role).unwrap();
        let roles = ["lakes".to_owned()];
        users.set("ada", None, &roles).unwrap();
        let rights = users.rights("ada").unwrap();
        assert!(rights.grants.sees("lake") && !rights.grants.sees("made"));
        assert!(rights.kill && !rights.files && !rights.admin);
        assert_eq!((rights.statements, rights.limits.max_scan_bytes), (Some(3), Some(7)));
        assert!(users.remove_role("lakes").unwrap_err().message().contains("ada"));
        users.set("ada", None, &[]).unwrap();
        assert!(users.rights("ada").unwrap().kill, "who is there keeps the roles");
        assert!(users.set("bob", None, &["lake".to_owned()]).is_err());
        users.set("bob", None, &[]).unwrap();
        assert_eq!(users.rights("bob").unwrap().grants, crate::engine::Grants::READ_ALL);
        assert!(users.rights("eve").is_none());
    }

    #[test]
    fn a_file_that_names_what_is_not_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.toml");
        for text in [
            "[users.ada]\nroles = [\"nobody\"]\n",
            "[roles.r]\nread = [\"a.*\"]\n",
            "[roles.admin]\nread = [\"a\"]\n",
            "[roles.r.limits]\ntimeout = \"soon\"\n",
            "[roles.r.limits]\nmax_scan = 1\n",
            "[users.ada]\noperator = true\n",
        ] {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            let error = Users::read(&path).unwrap_err();
            assert_eq!(error.kind(), crate::error::ErrorKind::Config, "{text}: {error}");
        }
        std::fs::write(&path, "[users.ada]\npassword = \"x\"\n").unwrap();
        let rights = Users::read(&path).unwrap().rights("ada").unwrap();
        assert_eq!(rights, Rights::default(), "no role, no rights");
    }
}

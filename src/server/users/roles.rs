//! Roles of a server's users: what is open to whoever has one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Users;
use crate::engine::{Access, Grants, Limits, Rights};
use crate::error::{Error, Result, nearest};

/// The role of whoever is given no other: reads every catalog.
pub const READER: &str = "reader";

/// Roles that are there without being written: what they are called, and what they are for.
pub const BUILT_IN: [(&str, &str); 3] = [
    (READER, "reads every catalog"),
    ("writer", "reads every catalog and writes into those that take it"),
    ("admin", "as writer, with every right"),
];

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// What may be read: `catalog`, `catalog.schema`, or `*` for every catalog.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    /// What may be written, and read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write: Vec<String>,
    /// Paths in statements.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub files: bool,
    /// Ending the statements of others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kill: bool,
    /// Seeing the statements of others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub see_queries: bool,
    /// Settings of the operator, limits that may be raised, and the statements of others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
    /// How many statements of a user run at once, 0 for any number; the server's limit if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statements: Option<usize>,
    /// How far statements go.
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
}

impl Role {
    fn built_in(name: &str) -> Option<Self> {
        let all = vec!["*".to_owned()];
        match name {
            READER => Some(Self { read: all, ..Self::default() }),
            "writer" => Some(Self { write: all, ..Self::default() }),
            "admin" => Some(Self {
                write: all,
                files: true,
                kill: true,
                see_queries: true,
                admin: true,
                ..Self::default()
            }),
            _ => None,
        }
    }

    /// What it opens.
    ///
    /// # Errors
    /// `Config` for a place or a limit that is none.
    pub fn rights(&self) -> Result<Rights> {
        let mut grants = Grants::default();
        for (places, access) in [(&self.read, Access::Read), (&self.write, Access::Write)] {
            places.iter().try_for_each(|place| grants.add(place, access))?;
        }
        checked(&self.limits)?;
        Ok(Rights {
            grants,
            files: self.files,
            kill: self.kill,
            see_queries: self.see_queries,
            admin: self.admin,
            statements: self.statements,
            limits: self.limits.clone(),
        })
    }

    /// The names of its rights.
    pub fn named(&self) -> Vec<&'static str> {
        let all = [
            ("files", self.files),
            ("kill", self.kill),
            ("see_queries", self.see_queries),
            ("admin", self.admin),
        ];
        all.into_iter().filter_map(|(name, has)| has.then_some(name)).collect()
    }
}

/// Refuses limits that settings cannot have.
pub(super) fn checked(limits: &Limits) -> Result<()> {
    limits.check().map_err(|e| Error::config(format!("limits: {}", e.message())))
}

impl Users {
    /// The roles, those that are built in first.
    pub fn roles(&self) -> impl Iterator<Item = (&str, Role)> {
        let built_in = BUILT_IN.iter().filter_map(|(name, _)| Some((*name, Role::built_in(name)?)));
        built_in.chain(self.roles.iter().map(|(name, role)| (name.as_str(), role.clone())))
    }

    /// Makes a role, or puts another one in its place.
    ///
    /// # Errors
    /// `Config` for a name that is built in, and for a place or a limit that is none.
    pub fn set_role(&mut self, name: &str, role: Role) -> Result<()> {
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(Error::config(format!("`{name}` is no role's name")));
        }
        if Role::built_in(name).is_some() {
            return Err(Error::config(format!("role {name} is built in: take another name")));
        }
        role.rights().map_err(|e| e.within(format!("role {name}")))?;
        self.roles.insert(name.to_owned(), role);
        Ok(())
    }

    /// Takes a role away that nobody has.
    ///
    /// # Errors
    /// `NotFound`; `Config` when somebody has it.
    pub fn remove_role(&mut self, name: &str) -> Result<()> {
        self.role(name)?;
        let has = self.users.iter().filter(|(_, user)| user.roles.iter().any(|role| role == name));
        let has: Vec<&str> = has.map(|(user, _)| user.as_str()).collect();
        if !has.is_empty() {
            return Err(Error::config(format!("role {name} is that of {}", has.join(", ")))
                .with_hint("give them other roles: sluice user add NAME --no-password --role …"));
        }
        match self.roles.remove(name) {
            Some(_) => Ok(()),
            None => Err(Error::config(format!("role {name} is built in"))),
        }
    }

    /// The role of a name.
    pub(super) fn role(&self, name: &str) -> Result<Role> {
        let found = Role::built_in(name).or_else(|| self.roles.get(name).cloned());
        found.ok_or_else(|| {
            let known: BTreeMap<&str, Role> = self.roles().collect();
            let error = Error::not_found(format!("there is no role {name}"));
            match nearest(name, known.keys().copied()) {
                Some(near) => error.with_hint(format!("did you mean {near}?")),
                None => error.with_hint("sluice role list shows them"),
            }
        })
    }
}

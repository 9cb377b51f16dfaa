//! Which catalogs and schemas somebody may read or write. What is not granted does not exist for him.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// What may be done with a place; who may write may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Its rows may be read.
    Read,
    /// Rows may be added, and tables made.
    Write,
}

/// All that was granted to somebody. Names are exact: a grant on `Lake` opens no `lake`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    all: Option<Access>,
    catalogs: BTreeMap<String, Granted>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Granted {
    whole: Option<Access>,
    schemas: BTreeMap<String, Access>,
}

impl Grants {
    /// Reading every catalog.
    pub const READ_ALL: Self = Self { all: Some(Access::Read), catalogs: BTreeMap::new() };

    /// Reading every catalog, and writing into those that take it.
    pub const ALL: Self = Self { all: Some(Access::Write), catalogs: BTreeMap::new() };

    /// Adds a grant on `catalog`, `catalog.schema`, or `*`, which is every catalog.
    ///
    /// # Errors
    /// `Config` for a text that is none of these.
    pub fn add(&mut self, place: &str, access: Access) -> Result<()> {
        if place == "*" {
            self.all = self.all.max(Some(access));
            return Ok(());
        }
        let (catalog, schema) = match place.split_once('.') {
            Some((catalog, schema)) => (catalog, Some(schema)),
            None => (place, None),
        };
        if catalog.is_empty() || schema == Some("") || place.contains('*') {
            return Err(Error::config(format!("`{place}` is no catalog, catalog.schema or *")));
        }
        let granted = self.catalogs.entry(catalog.to_owned()).or_default();
        match schema {
            None => granted.whole = granted.whole.max(Some(access)),
            Some(schema) => {
                let known = granted.schemas.entry(schema.to_owned()).or_insert(access);
                *known = access.max(*known);
            }
        }
        Ok(())
    }

    /// Adds all that another one grants.
    pub fn extend(&mut self, other: &Self) {
        self.all = self.all.max(other.all);
        for (catalog, more) in &other.catalogs {
            let granted = self.catalogs.entry(catalog.clone()).or_default();
            granted.whole = granted.whole.max(more.whole);
            for (schema, access) in &more.schemas {
                let known = granted.schemas.entry(schema.clone()).or_insert(*access);
                *known = *access.max(known);
            }
        }
    }

    /// What is granted on every catalog, also on those that are made later.
    pub fn of_all(&self) -> Option<Access> {
        self.all
    }

    /// What is granted on a whole catalog.
    pub fn of_catalog(&self, catalog: &str) -> Option<Access> {
        self.all.max(self.catalogs.get(catalog).and_then(|granted| granted.whole))
    }

    /// What is granted on a schema.
    pub fn of_schema(&self, catalog: &str, schema: &str) -> Option<Access> {
        let granted = self.catalogs.get(catalog);
        let own = granted.and_then(|granted| granted.schemas.get(schema).copied());
        self.of_catalog(catalog).max(own)
    }

    /// Whether anything of a catalog may be seen.
    pub fn sees(&self, catalog: &str) -> bool {
        let schemas = |granted: &Granted| !granted.schemas.is_empty();
        self.of_catalog(catalog).is_some() || self.catalogs.get(catalog).is_some_and(schemas)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_opens_what_it_names_and_nothing_else() {
        let mut grants = Grants::default();
        assert!(!grants.sees("lake"));
        grants.add("lake.raw", Access::Read).unwrap();
        grants.add("made", Access::Write).unwrap();
        assert!(grants.sees("lake") && grants.of_catalog("lake").is_none());
        assert_eq!(grants.of_schema("lake", "raw"), Some(Access::Read));
        assert_eq!(grants.of_schema("lake", "Raw"), None);
        assert_eq!(grants.of_schema("made", "any"), Some(Access::Write));
        assert!(!grants.sees("other") && grants.of_all().is_none());
        for wrong in ["", ".", "a.", ".b", "*.b", "a.*"] {
            assert!(grants.add(wrong, Access::Read).is_err(), "{wrong}");
        }
    }

    #[test]
    fn of_two_grants_the_wider_one_holds() {
        let mut grants = Grants::READ_ALL;
        let mut more = Grants::default();
        more.add("made.default", Access::Write).unwrap();
        grants.extend(&more);
        assert_eq!(grants.of_schema("made", "default"), Some(Access::Write));
        assert_eq!(grants.of_schema("made", "other"), Some(Access::Read));
        grants.add("*", Access::Write).unwrap();
        assert_eq!(grants.of_schema("lake", "raw"), Some(Access::Write));
    }
}

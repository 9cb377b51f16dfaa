//! The sentence for a name that means nothing: which part of it is wrong, and what may be meant.

use std::time::Duration;

use futures::future::join_all;

use super::find::ObjectName;
use super::statement::StatementCatalogs;
use crate::error::{Error, nearest};

/// How long is looked for a table of that name in other places. A broker that is down should not
/// make a slip of the finger slow.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many names an error lists.
const SHOWN: usize = 12;

impl StatementCatalogs {
    /// The error for a name that nothing has.
    pub(super) async fn not_found(&self, typed: &ObjectName, home: &[String; 2]) -> Error {
        let listing = self.listing();
        let (catalog, schema, table) = match typed.parts.as_slice() {
            [catalog, schema, table] => (catalog.text.as_str(), Some(schema), table),
            [schema, table] => (home[0].as_str(), Some(schema), table),
            [table] => (home[0].as_str(), None, table),
            _ => return Error::sql(format!("{typed} is not a table name")),
        };
        let schemas = listing.schemas(catalog).await.unwrap_or_default();
        if let Some(schema) = schema
            && !schemas.iter().any(|s| s.eq_ignore_ascii_case(&schema.text))
        {
            let error =
                Error::sql(format!("schema {} does not exist in catalog {catalog}", schema.text));
            return if let Some(elsewhere) = self.elsewhere(&table.text).await {
                error.with_hint(elsewhere)
            } else if self.catalogs().names().contains(&schema.text) {
                error.with_hint(format!(
                    "{} is a catalog: write {}.<schema>.{}",
                    schema.text, schema.text, table.text
                ))
            } else if schemas.is_empty() {
                error
            } else {
                error.with_hint(format!("schemas: {}", schemas.join(", ")))
            };
        }
        let schema = schema.map_or(home[1].as_str(), |schema| schema.text.as_str());
        let mut names = listing.names(catalog, schema).await.unwrap_or_default();
        if typed.parts.len() == 1 {
            names.extend(self.session().list().into_iter().map(|(name, _)| name));
        }
        let error = Error::sql(format!("table {typed} does not exist in {catalog}.{schema}"));
        if let Some(elsewhere) = self.elsewhere(&table.text).await {
            return error.with_hint(elsewhere);
        }
        match nearest(&table.text, names.iter().map(String::as_str)) {
            Some(near) => error.with_hint(format!("did you mean {near}?")),
            None if names.is_empty() => {
                error.with_hint("SHOW ALL TABLES lists those of all catalogs")
            }
            None => error.with_hint(format!("tables: {}", shortened(&names))),
        }
    }

    /// Where tables are called so, among what the user sees.
    async fn elsewhere(&self, table: &str) -> Option<String> {
        let listing = self.listing();
        let looks = listing.catalogs().into_iter().map(|catalog| {
            let listing = &listing;
            let look = async move {
                let mut found = Vec::new();
                for schema in listing.schemas(&catalog).await.unwrap_or_default() {
                    let tables = listing.tables(&catalog, &schema).await.unwrap_or_default();
                    found.extend(tables.into_iter().map(|listed| listed.name));
                }
                found.retain(|name| name.table.eq_ignore_ascii_case(table));
                found
            };
            async { tokio::time::timeout(PATIENCE, look).await.unwrap_or_default() }
        });
        let found = join_all(looks).await;
        let found: Vec<String> = found.into_iter().flatten().map(|name| name.to_string()).collect();
        match found.as_slice() {
            [] => None,
            [only] => Some(format!("did you mean {only}?")),
            several => Some(format!("tables of that name: {}", shortened(several))),
        }
    }
}

fn shortened(names: &[String]) -> String {
    let mut text = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(", … ({} in all)", names.len()));
    }
    text
}

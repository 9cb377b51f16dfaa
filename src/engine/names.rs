//! Names in a statement: every table opened once, every name made exact, before planning.
//!
//! DataFusion's planner looks names up synchronously, folds the case of unquoted ones and drops in
//! silence what it does not know of a table reference. So the statement's own tree is walked
//! first: references are collected with CTEs in scope, opened one after the other, and written
//! back as quoted three-part names; columns are spelled as their tables spell them, and those of the
//! answer are named.

mod columns;
mod outputs;
mod references;

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Query, Statement, Visit, VisitMut};
use datafusion::sql::sqlparser::tokenizer::Span;

use super::{rewrite, write};
use crate::catalog::{FullName, NamePart, ObjectName, STATEMENT_CATALOG, StatementCatalogs};
use crate::error::{Error, Position, Result};
use crate::spi::TableName;
pub(super) use outputs::visible;
use references::{Call, Collector, Rewriter, Target};

/// A part of a statement whose tables can be resolved.
pub(super) trait Resolvable: Visit + VisitMut {}
impl Resolvable for Query {}
impl Resolvable for Statement {}

/// What a statement names, and what each name was opened as.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    tables: Vec<(ObjectName, FullName)>,
    calls: Vec<(Call, FullName)>,
}

impl Named {
    /// Opens the same names for another statement; false when one of them means something else by
    /// now.
    ///
    /// # Errors
    /// As [`resolve`]'s.
    pub(super) async fn open_again(
        &self,
        catalogs: &StatementCatalogs,
        home: &[String; 2],
    ) -> Result<bool> {
        for (typed, name) in &self.tables {
            if catalogs.resolve(typed, home).await? != *name {
                return Ok(false);
            }
        }
        for (call, name) in &self.calls {
            let target = open_call(call, catalogs, home).await;
            if target.map_err(|e| placed(e, call.span))?.name != *name {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Opens every table that `node` names and makes the names exact; what they were opened as.
///
/// # Errors
/// `Sql` for names that mean nothing or several things, the system's own error for a table that
/// cannot be opened.
pub(super) async fn resolve<N: Resolvable>(
    node: &mut N,
    catalogs: &StatementCatalogs,
    home: &[String; 2],
) -> Result<Named> {
    outputs::name(node);
    rewrite::mend(node, rewrite::Asker { user: catalogs.user(), home })?;
    let mut collector = Collector::default();
    if let ControlFlow::Break(e) = Visit::visit(node, &mut collector) {
        return Err(e);
    }
    let mut targets: HashMap<String, Target> = HashMap::new();
    let mut named = Named::default();
    for (key, name) in collector.tables {
        let resolved = catalogs.resolve(&name, home).await?;
        named.tables.push((name, resolved.clone()));
        targets.insert(key, Target { name: resolved, alias: None });
    }
    for call in collector.calls {
        let target = open_call(&call, catalogs, home).await.map_err(|e| placed(e, call.span))?;
        named.calls.push((call.clone(), target.name.clone()));
        targets.insert(call.key, target);
    }
    let opened: Vec<FullName> = targets.values().map(|target| target.name.clone()).collect();
    let mut rewriter = Rewriter::new(targets);
    if let ControlFlow::Break(e) = VisitMut::visit(node, &mut rewriter) {
        return Err(e);
    }
    columns::spell(node, catalogs, &opened)?;
    Ok(named)
}

fn placed(error: Error, span: Span) -> Error {
    if error.position().is_some() || span.start.line == 0 {
        return error;
    }
    error.at(Position { line: span.start.line, column: span.start.column })
}

/// Opens what a reference that is no plain name means.
async fn open_call(
    call: &Call,
    catalogs: &StatementCatalogs,
    home: &[String; 2],
) -> Result<Target> {
    match &call.kind {
        references::CallKind::Errors(table) => {
            let typed = parse_name(table)?;
            let resolved = catalogs.resolve(&typed, home).await?;
            let inner =
                TableName { schema: resolved.schema.clone(), table: resolved.table.clone() };
            let opened = if resolved.catalog == crate::catalog::SESSION_CATALOG {
                None
            } else {
                let engine = catalogs.catalogs();
                engine.open_errors(catalogs.context(), &resolved.catalog, &inner).await?
            };
            let opened = opened
                .ok_or_else(|| Error::unsupported(format!("{resolved} keeps no bad records")))?;
            let own = name("errors", &resolved.to_string());
            catalogs.insert(own.clone(), opened.provider);
            Ok(Target { name: own, alias: Some("errors".to_owned()) })
        }
        references::CallKind::Function(function, table, arguments) => {
            let typed = parse_name(table)?;
            let resolved = catalogs.resolve(&typed, home).await?;
            let inner =
                TableName { schema: resolved.schema.clone(), table: resolved.table.clone() };
            let opened = if resolved.catalog == crate::catalog::SESSION_CATALOG {
                None
            } else {
                let (engine, context) = (catalogs.catalogs(), catalogs.context());
                engine.call(context, function.name, &resolved.catalog, &inner, arguments).await?
            };
            let opened = opened.ok_or_else(|| references::not_read(function, &resolved))?;
            let own = name(function.name, &format!("{resolved} {arguments:?}"));
            catalogs.insert(own.clone(), opened.provider);
            Ok(Target { name: own, alias: Some(function.name.to_owned()) })
        }
        references::CallKind::Path(path) => {
            let own = open_path(catalogs, path).await?;
            let stem = path.rsplit('/').next().and_then(|file| file.split('.').next());
            let stem = stem.filter(|stem| !stem.is_empty() && !stem.contains(['*', '?']));
            Ok(Target { name: own, alias: Some(stem.unwrap_or("path").to_owned()) })
        }
    }
}

/// A table of a statement's own.
fn name(schema: &str, table: &str) -> FullName {
    FullName {
        catalog: STATEMENT_CATALOG.to_owned(),
        schema: schema.to_owned(),
        table: table.to_owned(),
    }
}

/// Opens the files of a path as a table of the statement.
///
/// # Errors
/// `Denied` for who may not name paths, `NotFound`, and those of the store.
pub(super) async fn open_path(catalogs: &StatementCatalogs, path: &str) -> Result<FullName> {
    catalogs.allow_path(path)?;
    let location = write::location(path)?;
    let opened = catalogs.catalogs().open_path(catalogs.context(), &location, None).await?;
    let opened = opened.ok_or_else(|| Error::not_found(format!("path '{path}' does not exist")))?;
    let own = name("path", path);
    catalogs.insert(own.clone(), opened.provider);
    Ok(own)
}

/// A table name inside a string: `catalog.schema.table`, parts in double quotes as they are.
pub(super) fn parse_name(text: &str) -> Result<ObjectName> {
    let wrong = || Error::sql(format!("`{text}` is not a table name"));
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let part = if let Some(quoted) = rest.strip_prefix('"') {
            let mut name = String::new();
            let mut letters = quoted.char_indices().peekable();
            let end = loop {
                match letters.next() {
                    Some((_, '"')) if letters.peek().is_some_and(|(_, c)| *c == '"') => {
                        letters.next();
                        name.push('"');
                    }
                    Some((at, '"')) => break at + 1,
                    Some((_, letter)) => name.push(letter),
                    None => return Err(wrong()),
                }
            };
            rest = quoted.get(end..).unwrap_or_default();
            NamePart { text: name, quoted: true }
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            rest = after;
            NamePart { text: name.trim().to_owned(), quoted: false }
        };
        if part.text.is_empty() {
            return Err(wrong());
        }
        parts.push(part);
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.trim().is_empty() => break,
            None => return Err(wrong()),
        }
    }
    Ok(ObjectName { parts, position: None })
}

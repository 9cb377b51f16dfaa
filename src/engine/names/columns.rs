//! Column names as their tables spell them: `deviceId` can be typed unquoted, in any case.
//!
//! DataFusion folds unquoted names to lower case. Here an unquoted name that is exactly a column's
//! is quoted as it stands, and one that only differs by case from exactly one known name is
//! replaced by it. Names that the statement makes itself (aliases, CTEs) count as known.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, Query, Select, SelectItem, TableFactor, VisitMut,
    VisitorMut,
};

use super::Resolvable;
use crate::catalog::{FullName, NamePart, StatementCatalogs, choose};
use crate::error::{Error, Position, Result};

/// Spells the columns of a resolved statement.
pub(super) fn spell<N: Resolvable>(
    node: &mut N,
    catalogs: &StatementCatalogs,
    opened: &[FullName],
) -> Result<()> {
    let mut known = BTreeSet::new();
    for name in opened {
        known.insert(name.table.clone());
        if let Some(provider) = catalogs.opened(name) {
            provider.schema().fields().iter().for_each(|field| add(field, &mut known));
        }
    }
    // Nothing has an upper-case letter: folding and matching without case are the same.
    if !known.iter().any(|name| name.chars().any(char::is_uppercase)) {
        return Ok(());
    }
    let mut speller = Speller { known, collecting: true };
    for collecting in [true, false] {
        speller.collecting = collecting;
        if let ControlFlow::Break(e) = VisitMut::visit(node, &mut speller) {
            return Err(e);
        }
    }
    Ok(())
}

/// A field's name and those of the fields in it.
fn add(field: &Field, known: &mut BTreeSet<String>) {
    known.insert(field.name().clone());
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().for_each(|field| add(field, known)),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            if let DataType::Struct(fields) = item.data_type() {
                fields.iter().for_each(|field| add(field, known));
            }
        }
        _ => {}
    }
}

/// First collects the names that the statement makes, then spells the ones that it uses.
#[derive(Debug)]
struct Speller {
    known: BTreeSet<String>,
    collecting: bool,
}

impl Speller {
    /// A name that the statement makes, as DataFusion will fold it.
    fn made(&mut self, ident: &Ident) {
        if self.collecting {
            let folded = ident.quote_style.is_none().then(|| ident.value.to_ascii_lowercase());
            self.known.insert(folded.unwrap_or_else(|| ident.value.clone()));
        }
    }

    fn used(&self, ident: &mut Ident) -> ControlFlow<Error> {
        if self.collecting || ident.quote_style.is_some() {
            return ControlFlow::Continue(());
        }
        let typed = NamePart { text: ident.value.clone(), quoted: false };
        match choose("column", &typed, self.known.iter().map(String::as_str)) {
            Ok(Some(name)) => {
                if name.chars().any(char::is_uppercase) {
                    let span = ident.span;
                    *ident = Ident::with_quote('"', name);
                    ident.span = span;
                }
                ControlFlow::Continue(())
            }
            Ok(None) => ControlFlow::Continue(()),
            Err(e) => {
                let at = ident.span.start;
                ControlFlow::Break(e.at(Position { line: at.line, column: at.column }))
            }
        }
    }
}

impl VisitorMut for Speller {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.made(&cte.alias.name);
            cte.alias.columns.iter().for_each(|column| self.made(&column.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.made(alias);
            }
        }
        for table in &mut select.from {
            for join in &mut table.joins {
                let (JoinOperator::Join(constraint)
                | JoinOperator::Inner(constraint)
                | JoinOperator::Left(constraint)
                | JoinOperator::LeftOuter(constraint)
                | JoinOperator::Right(constraint)
                | JoinOperator::RightOuter(constraint)
                | JoinOperator::FullOuter(constraint)) = &mut join.join_operator
                else {
                    continue;
                };
                if let JoinConstraint::Using(names) = constraint {
                    for name in names.iter_mut().flat_map(|name| &mut name.0) {
                        if let datafusion::sql::sqlparser::ast::ObjectNamePart::Identifier(ident) =
                            name
                        {
                            self.used(ident)?;
                        }
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        let alias = match factor {
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::Function { alias, .. } => alias.clone(),
            _ => None,
        };
        if let Some(alias) = alias {
            self.made(&alias.name);
            alias.columns.iter().for_each(|column| self.made(&column.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match expr {
            Expr::Lambda(lambda) => {
                lambda.params.iter().for_each(|parameter| self.made(&parameter.name));
                ControlFlow::Continue(())
            }
            Expr::Identifier(ident) => self.used(ident),
            Expr::CompoundIdentifier(idents) => {
                idents.iter_mut().try_for_each(|ident| self.used(ident))
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

//! The key of a `RIGHT` or `FULL JOIN … USING (k)` is the one of whichever side has a row.
//!
//! To DataFusion `k` is the left table's. A name without a table is written out as
//! `coalesce(l.k, r.k)` here; `l.k` stays what it is.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, OrderByExpr, Query, Select,
    SelectItem, Spanned, TableFactor, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

use super::template;
use crate::error::{Error, Position, Result};

/// Mends one SELECT, but not those within it.
pub(super) fn mend(select: &mut Select, order_by: &mut [OrderByExpr]) -> Result<()> {
    let keys = keys(select)?;
    if keys.is_empty() {
        return Ok(());
    }
    if select.projection.is_empty() {
        // `FROM l FULL JOIN r USING (k)` alone.
        select.projection.push(SelectItem::Wildcard(WildcardAdditionalOptions::default()));
    }
    spread_wildcards(select, &keys)?;
    let outputs: Vec<String> = select.projection.iter().filter_map(output).collect();
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(Expr::Identifier(ident)) = item
            && let Some(key) = keys.iter().find(|key| key.is(ident))
        {
            *item = key.item();
        }
    }
    let mut merger = Merger { keys: &keys, depth: 0 };
    // The merger never breaks off.
    let _ = VisitMut::visit(&mut select.projection, &mut merger);
    let _ = VisitMut::visit(&mut select.selection, &mut merger);
    let _ = VisitMut::visit(&mut select.having, &mut merger);
    let _ = VisitMut::visit(&mut select.qualify, &mut merger);
    if let GroupByExpr::Expressions(groups, _) = &mut select.group_by {
        let _ = VisitMut::visit(groups, &mut merger);
    }
    for join in select.from.iter_mut().flat_map(|table| &mut table.joins) {
        if let Some(JoinConstraint::On(condition)) = constraint_mut(join) {
            let _ = VisitMut::visit(condition, &mut merger);
        }
    }
    for order in order_by {
        // A column of the answer is meant first.
        let is_output =
            matches!(&order.expr, Expr::Identifier(ident) if outputs.contains(&folded(ident)));
        if !is_output {
            let _ = VisitMut::visit(&mut order.expr, &mut merger);
        }
    }
    Ok(())
}

/// A key of two tables.
struct Key {
    name: Ident,
    merged: Expr,
}

impl Key {
    fn is(&self, ident: &Ident) -> bool {
        folded(ident) == folded(&self.name)
    }

    fn item(&self) -> SelectItem {
        SelectItem::ExprWithAlias { expr: self.merged.clone(), alias: self.name.clone() }
    }
}

/// The keys of the joins that keep rows of the right side.
fn keys(select: &Select) -> Result<Vec<Key>> {
    let mut keys = Vec::new();
    for table in &select.from {
        for (at, join) in table.joins.iter().enumerate() {
            let (is_full, constraint) = match &join.join_operator {
                JoinOperator::FullOuter(constraint) => (true, constraint),
                JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                    (false, constraint)
                }
                _ => continue,
            };
            let names = match constraint {
                JoinConstraint::Using(names) => names,
                JoinConstraint::Natural => {
                    return Err(refused(join, "NATURAL").with_hint("name the keys: USING (k)"));
                }
                JoinConstraint::On(_) | JoinConstraint::None => continue,
            };
            let others = table.joins.iter().enumerate().any(|(other, join)| {
                other != at
                    && matches!(
                        constraint_of(join),
                        Some(JoinConstraint::Using(_) | JoinConstraint::Natural)
                    )
            });
            let sides = (at == 0 && !others).then_some((&table.relation, &join.relation));
            let sides = sides.and_then(|(left, right)| Some((called(left)?, called(right)?)));
            let Some((left, right)) = sides else {
                return Err(refused(join, "USING")
                    .with_hint("write ON l.k = r.k, and coalesce(l.k, r.k) for the key"));
            };
            for name in names {
                let Some(name) = name.0.last().and_then(|part| part.as_ident()) else { continue };
                let (l, r) = (format!("{left}.{name}"), format!("{right}.{name}"));
                let sql = if is_full { format!("coalesce({l}, {r})") } else { r };
                keys.push(Key { name: name.clone(), merged: template::plain_expr(&sql)? });
            }
        }
    }
    Ok(keys)
}

fn refused(join: &Join, what: &str) -> Error {
    let at = join.relation.span().start;
    let error = Error::unsupported(format!("this RIGHT or FULL JOIN with {what} is not supported"));
    if at.line == 0 { error } else { error.at(Position { line: at.line, column: at.column }) }
}

/// What the columns of a table can be called by.
fn called(factor: &TableFactor) -> Option<Ident> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. } => Some(alias.name.clone()),
        TableFactor::Table { name, args: None, .. } => name.0.last()?.as_ident().cloned(),
        _ => None,
    }
}

/// `*` begins with the merged keys and leaves those of the tables out.
fn spread_wildcards(select: &mut Select, keys: &[Key]) -> Result<()> {
    let factors = select.from.iter().flat_map(|table| {
        [&table.relation].into_iter().chain(table.joins.iter().map(|join| &join.relation))
    });
    let tables: Vec<Option<Ident>> = factors.map(called).collect();
    let mut items = Vec::new();
    for item in std::mem::take(&mut select.projection) {
        let SelectItem::Wildcard(options) = &item else {
            items.push(item);
            continue;
        };
        let [Some(left), Some(right)] = tables.as_slice() else { return Err(refused_wildcard()) };
        if options.opt_exclude.is_some()
            || options.opt_except.is_some()
            || options.opt_rename.is_some()
            || options.opt_replace.is_some()
        {
            return Err(refused_wildcard());
        }
        items.extend(keys.iter().map(Key::item));
        let names: Vec<String> = keys.iter().map(|key| key.name.to_string()).collect();
        for table in [left, right] {
            let sql = format!("{table}.* EXCLUDE ({})", names.join(", "));
            items.extend(template::select_list(&sql)?);
        }
    }
    select.projection = items;
    Ok(())
}

fn refused_wildcard() -> Error {
    Error::unsupported("this * of a RIGHT or FULL JOIN with USING is not supported")
        .with_hint("write the columns out")
}

fn output(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        SelectItem::UnnamedExpr(Expr::Identifier(ident)) => Some(folded(ident)),
        _ => None,
    }
}

fn folded(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

fn constraint_of(join: &Join) -> Option<&JoinConstraint> {
    match &join.join_operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => Some(constraint),
        _ => None,
    }
}

fn constraint_mut(join: &mut Join) -> Option<&mut JoinConstraint> {
    match &mut join.join_operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => Some(constraint),
        _ => None,
    }
}

/// Writes keys out, outside of subqueries.
struct Merger<'a> {
    keys: &'a [Key],
    depth: usize,
}

impl VisitorMut for Merger<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.depth == 0
            && let Expr::Identifier(ident) = &*expr
            && let Some(key) = self.keys.iter().find(|key| key.is(ident))
        {
            *expr = key.merged.clone();
        }
        ControlFlow::Continue(())
    }
}

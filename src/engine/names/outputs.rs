//! Columns of a SELECT list are called what was typed: `count(*)`, `x + 1`, and not what DataFusion
//! makes of it.
//!
//! An expression without a name gets one here, its text with all but literals and quoted names in
//! lower case. Columns keep their own. DataFusion takes no list in which a name comes twice, people
//! write them: the second one gets a mark that [`visible`] takes off the answer again.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, OrderByKind, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    VisitMut, VisitorMut, WildcardAdditionalOptions,
};

use super::Resolvable;

/// What divides a name from the mark behind it. No name that is typed has it.
const REPEATED: char = '\u{1f}';

/// Names the columns of all SELECT lists of a statement.
pub(super) fn name<N: Resolvable>(node: &mut N) {
    // The namer never breaks off.
    let _ = VisitMut::visit(node, &mut Namer);
}

/// The schema as it is shown: the same one, if no name in it is marked.
pub(in crate::engine) fn visible(schema: &SchemaRef) -> SchemaRef {
    let is_marked = |name: &str| name.contains(REPEATED);
    if !schema.fields().iter().any(|field| is_marked(field.name())) {
        return Arc::clone(schema);
    }
    let fields = schema.fields().iter().map(|field| {
        let name = field.name().split(REPEATED).next().unwrap_or_default();
        if is_marked(field.name()) {
            Arc::new(field.as_ref().clone().with_name(name))
        } else {
            Arc::clone(field)
        }
    });
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
}

/// Gives names to expressions that have none.
struct Namer;

impl VisitorMut for Namer {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if let SetExpr::Select(select) = query.body.as_mut()
            && select.distinct.is_some()
            && let Some(OrderByKind::Expressions(orders)) =
                query.order_by.as_mut().map(|order_by| &mut order_by.kind)
        {
            // Rows without duplicates are ordered by what is left of them: the named column.
            let named = name_list(select);
            for order in orders {
                let found = named.iter().find(|(expr, _)| *expr == order.expr);
                if let Some((_, alias)) = found {
                    order.expr = Expr::Identifier(alias.clone());
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        name_list(select);
        ControlFlow::Continue(())
    }
}

/// Names the expressions of one list, and says which got which name.
fn name_list(select: &mut Select) -> Vec<(Expr, Ident)> {
    let mut list = List::new(&select.projection);
    let mut named = Vec::new();
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) = item
            && let Some(alias) = list.alias(expr)
        {
            let (expr, alias) = (expr.clone(), Ident::with_quote('"', alias));
            named.push((expr.clone(), alias.clone()));
            *item = SelectItem::ExprWithAlias { expr, alias };
        }
    }
    named
}

/// The names of one SELECT list so far.
struct List {
    /// Aliases, and the texts of expressions.
    names: HashSet<String>,
    /// Plain columns, part by part.
    columns: Vec<Vec<String>>,
    /// What wildcards stand before: nothing for `*`, `t` for `t.*`.
    wildcards: Vec<Vec<String>>,
}

impl List {
    fn new(items: &[SelectItem]) -> Self {
        let mut list = Self { names: HashSet::new(), columns: vec![], wildcards: vec![] };
        for item in items {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => {
                    list.names.insert(folded(alias));
                }
                SelectItem::Wildcard(options) if is_whole(options) => list.wildcards.push(vec![]),
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) if is_whole(options) => {
                    let parts = name.0.iter().filter_map(|part| part.as_ident()).map(folded);
                    list.wildcards.push(parts.collect());
                }
                _ => {}
            }
        }
        list
    }

    /// The name that an expression needs.
    fn alias(&mut self, expr: &Expr) -> Option<String> {
        if let Some(path) = column(expr) {
            let (name, table) = path.split_last()?;
            let repeated = self.wildcards.iter().any(|one| one.is_empty() || one == table)
                || self.columns.iter().any(|one| one.ends_with(&path) || path.ends_with(one));
            let alias = repeated.then(|| self.marked(name));
            self.columns.push(path);
            return alias;
        }
        if expands(expr) {
            return None;
        }
        let text = text(expr);
        if self.names.contains(&text) {
            return Some(self.marked(&text));
        }
        self.names.insert(text.clone());
        Some(text)
    }

    fn marked(&mut self, name: &str) -> String {
        let marked = format!("{name}{REPEATED}{}", self.names.len());
        self.names.insert(marked.clone());
        marked
    }
}

/// A wildcard that nothing is taken from.
fn is_whole(options: &WildcardAdditionalOptions) -> bool {
    options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_ilike.is_none()
        && options.opt_rename.is_none()
}

/// The parts of a plain column.
fn column(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Identifier(ident) => Some(vec![folded(ident)]),
        Expr::CompoundIdentifier(idents) => Some(idents.iter().map(folded).collect()),
        Expr::Nested(inner) => column(inner),
        _ => None,
    }
}

/// `unnest` of a struct makes several columns, which one name does not fit.
fn expands(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case("unnest"))
}

fn folded(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

/// The text of an expression in lower case, but for what stands in quotes.
fn text(expr: &Expr) -> String {
    let mut quote = None;
    let mut text = String::new();
    for letter in expr.to_string().chars().filter(|letter| *letter != REPEATED) {
        match quote {
            Some(open) => {
                if letter == open {
                    quote = None;
                }
                text.push(letter);
            }
            None => {
                if matches!(letter, '\'' | '"' | '`') {
                    quote = Some(letter);
                }
                text.extend(letter.to_lowercase());
            }
        }
    }
    text
}

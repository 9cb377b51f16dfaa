//! Table references of a statement: collected first, rewritten after they were opened.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Expr, FunctionArg, FunctionArgExpr, Ident, ObjectNamePart, Query, Select, SelectFlavor,
    SelectItem, SelectItemQualifiedWildcardKind, Spanned, TableAlias, TableFactor, Value,
    ValueWithSpan, Visit, VisitMut, Visitor, VisitorMut, WildcardAdditionalOptions,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::catalog::{FullName, NamePart, ObjectName};
use crate::connectors::CONNECTORS;
use crate::error::{Error, Position, Result};
use crate::spi::{ErasedConnector, FunctionArguments, TableFunction};

/// What a reference was opened as.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Its exact name.
    pub(super) name: FullName,
    /// What its columns are called by where the statement gives no alias.
    pub(super) alias: Option<String>,
}

/// A reference that is no plain name.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) key: String,
    pub(super) kind: CallKind,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum CallKind {
    /// `errors('catalog.schema.table')`.
    Errors(String),
    /// A connector's function of a table: `name('catalog.schema.table', argument => value)`.
    Function(&'static TableFunction, String, FunctionArguments),
    /// `FROM 'path/*.parquet'`.
    Path(String),
}

/// The table function that yields bad records.
const ERRORS: &str = "errors";

/// The names of CTEs that hide tables, innermost last, and the queries that were walked already.
///
/// The body of a CTE does not see its own name unless it is recursive, but the walk would come to
/// it only after the name is known. So CTE bodies are walked first, and passed over later.
#[derive(Debug, Default)]
struct Scopes {
    names: Vec<Vec<String>>,
    walked: HashSet<usize>,
    passing: usize,
}

impl Scopes {
    fn holds(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.names.iter().flatten().any(|known| *known == name)
    }

    fn add(&mut self, name: &Ident) {
        if let Some(names) = self.names.last_mut() {
            names.push(name.value.to_lowercase());
        }
    }
}

fn address(query: &Query) -> usize {
    std::ptr::from_ref(query).addr()
}

/// How a reference is known between the two walks: as it is spelled.
fn key(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, args: None, .. } => Some(name.to_string()),
        TableFactor::Table { name, args: Some(args), .. } => {
            let args: Vec<_> = args.args.iter().map(ToString::to_string).collect();
            Some(format!("{name}({})", args.join(", ")))
        }
        _ => None,
    }
}

/// What a reference is.
enum Reference {
    Table(ObjectName),
    Call(CallKind),
    /// A CTE, or something that DataFusion knows by itself.
    Other,
}

fn reference(factor: &TableFactor, scopes: &Scopes) -> Result<Reference> {
    let TableFactor::Table {
        name,
        args,
        with_hints,
        version,
        with_ordinality,
        partitions,
        json_path,
        sample,
        index_hints,
        alias: _,
    } = factor
    else {
        return Ok(Reference::Other);
    };
    // DataFusion drops all of these without a word.
    let dropped = [
        (!with_hints.is_empty(), "WITH (…) after a table name"),
        (version.is_some(), "a version of a table"),
        (*with_ordinality, "WITH ORDINALITY"),
        (!partitions.is_empty(), "PARTITION (…) after a table name"),
        (json_path.is_some(), "a JSON path after a table name"),
        (sample.is_some(), "TABLESAMPLE"),
        (!index_hints.is_empty(), "index hints"),
    ];
    if let Some((_, what)) = dropped.iter().find(|(present, _)| *present) {
        return Err(Error::unsupported(format!("{what} is not supported")));
    }
    let idents: Vec<&Ident> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
    if let Some(args) = args {
        return match idents.as_slice() {
            [function] if function.value.eq_ignore_ascii_case(ERRORS) => {
                errors_argument(&args.args).map(CallKind::Errors).map(Reference::Call)
            }
            [function] => match table_function(&function.value) {
                Some(known) => called(known, &args.args).map(Reference::Call),
                None => Ok(Reference::Other),
            },
            _ => Err(Error::sql(format!("function {name} does not exist"))),
        };
    }
    match idents.as_slice() {
        [only] if only.quote_style == Some('\'') => {
            Ok(Reference::Call(CallKind::Path(only.value.clone())))
        }
        [only] if scopes.holds(&only.value) => Ok(Reference::Other),
        idents => {
            let parts = idents.iter().map(|ident| NamePart {
                text: ident.value.clone(),
                quoted: ident.quote_style.is_some(),
            });
            Ok(Reference::Table(ObjectName {
                parts: parts.collect(),
                position: start(name.span()),
            }))
        }
    }
}

fn table_function(name: &str) -> Option<&'static TableFunction> {
    let mut all = CONNECTORS.iter().flat_map(|connector| connector.table_functions());
    all.find(|function| function.name.eq_ignore_ascii_case(name))
}

/// The error of a table that a connector's function does not read.
pub(super) fn not_read(function: &TableFunction, table: &FullName) -> Error {
    let has = |of: &&&dyn ErasedConnector| of.table_functions().contains(function);
    let names: Vec<&str> = CONNECTORS.iter().filter(has).map(|of| of.name()).collect();
    Error::unsupported(format!("{}() does not read {table}", function.name))
        .with_hint(format!("it reads tables of catalogs with connector {}", names.join(", ")))
}

/// A call of a connector's function: a table's name as text, then arguments by name.
fn called(function: &'static TableFunction, args: &[FunctionArg]) -> Result<CallKind> {
    let wrong = |what: String| Error::sql(what).with_hint(format!("write {}", function.usage));
    let [table, rest @ ..] = args else {
        return Err(wrong(format!("{}() takes a table name as text", function.name)));
    };
    let FunctionArg::Unnamed(FunctionArgExpr::Expr(table)) = table else {
        return Err(wrong(format!("{}() takes a table name as text first", function.name)));
    };
    let table = literal(table);
    let table = table
        .ok_or_else(|| wrong(format!("{}() takes a table name as text first", function.name)))?;
    let mut arguments = FunctionArguments::new();
    for arg in rest {
        let FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. } = arg else {
            return Err(wrong(format!("arguments of {}() go by name: {arg}", function.name)));
        };
        let name = name.value.to_ascii_lowercase();
        if !function.arguments.contains(&name.as_str()) {
            let known = function.arguments.join(", ");
            return Err(Error::sql(format!("{}() has no argument {name}", function.name))
                .with_hint(format!("arguments: {known}")));
        }
        let value = literal(value).ok_or_else(|| {
            wrong(format!("argument {name} of {}() takes a plain value", function.name))
        })?;
        if arguments.insert(name.clone(), value).is_some() {
            return Err(wrong(format!("argument {name} is given twice")));
        }
    }
    Ok(CallKind::Function(function, table, arguments))
}

/// A plain value as text.
fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(ValueWithSpan { value, .. }) => match value {
            Value::SingleQuotedString(text) | Value::Number(text, _) => Some(text.clone()),
            Value::Boolean(value) => Some(value.to_string()),
            _ => None,
        },
        // TIMESTAMP '2026-11-30 08:00:00'
        Expr::TypedString(typed) => match &typed.value.value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr } => {
            literal(expr).map(|number| format!("-{number}"))
        }
        // `all` and the like need no quotes.
        Expr::Identifier(ident) => Some(ident.value.clone()),
        _ => None,
    }
}

fn errors_argument(args: &[FunctionArg]) -> Result<String> {
    let text = match args {
        [
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(ValueWithSpan {
                value: Value::SingleQuotedString(text),
                ..
            }))),
        ] => Some(text),
        _ => None,
    };
    text.cloned().ok_or_else(|| {
        Error::sql("errors() takes one table name as text")
            .with_hint("write errors('catalog.schema.table')")
    })
}

fn start(span: Span) -> Option<Position> {
    (span.start.line > 0).then_some(Position { line: span.start.line, column: span.start.column })
}

/// Collects what a statement names.
#[derive(Debug, Default)]
pub(super) struct Collector {
    scopes: Scopes,
    seen: HashSet<String>,
    /// Plain names by their spelling, in order of appearance.
    pub(super) tables: Vec<(String, ObjectName)>,
    /// Everything else that has to be opened.
    pub(super) calls: Vec<Call>,
}

impl Visitor for Collector {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        if self.scopes.passing > 0 || self.scopes.walked.contains(&address(query)) {
            self.scopes.passing += 1;
            return ControlFlow::Continue(());
        }
        self.scopes.names.push(vec![]);
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                if with.recursive {
                    self.scopes.add(&cte.alias.name);
                }
                Visit::visit(&cte.query, self)?;
                self.scopes.walked.insert(address(&cte.query));
                self.scopes.add(&cte.alias.name);
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        if self.scopes.passing > 0 {
            self.scopes.passing -= 1;
        } else {
            self.scopes.names.pop();
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Error> {
        if select.value_table_mode.is_some() {
            return ControlFlow::Break(Error::unsupported("SELECT AS STRUCT is not supported"));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Error> {
        if self.scopes.passing > 0 {
            return ControlFlow::Continue(());
        }
        let found = match reference(factor, &self.scopes) {
            Ok(found) => found,
            Err(e) => {
                return ControlFlow::Break(super::placed(e, factor.span()));
            }
        };
        let Some(key) = key(factor) else { return ControlFlow::Continue(()) };
        if matches!(found, Reference::Other) || !self.seen.insert(key.clone()) {
            return ControlFlow::Continue(());
        }
        match found {
            Reference::Table(name) => self.tables.push((key, name)),
            Reference::Call(kind) => self.calls.push(Call { key, kind, span: factor.span() }),
            Reference::Other => {}
        }
        ControlFlow::Continue(())
    }
}

/// Writes exact names in the place of typed ones.
#[derive(Debug)]
pub(super) struct Rewriter {
    scopes: Scopes,
    targets: HashMap<String, Target>,
}

impl Rewriter {
    /// Rewrites references to what they were opened as.
    pub(super) fn new(targets: HashMap<String, Target>) -> Self {
        Self { scopes: Scopes::default(), targets }
    }
}

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        if self.scopes.passing > 0 || self.scopes.walked.contains(&address(query)) {
            self.scopes.passing += 1;
            return ControlFlow::Continue(());
        }
        self.scopes.names.push(vec![]);
        if let Some(with) = &mut query.with {
            for cte in &mut with.cte_tables {
                if with.recursive {
                    self.scopes.add(&cte.alias.name);
                }
                VisitMut::visit(&mut cte.query, self)?;
                self.scopes.walked.insert(address(&cte.query));
                self.scopes.add(&cte.alias.name);
            }
        }
        ControlFlow::Continue(())
    }

    /// Writes out `t.*`, which DataFusion matches part by part.
    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        // `FROM t` alone means all columns; DataFusion reads it as none.
        if select.flavor == SelectFlavor::FromFirstNoSelect && select.projection.is_empty() {
            select.projection.push(SelectItem::Wildcard(WildcardAdditionalOptions::default()));
        }
        let joins = select.from.iter().flat_map(|table| &table.joins);
        let tables = select.from.iter().map(|table| &table.relation);
        let factors: Vec<&TableFactor> = tables.chain(joins.map(|join| &join.relation)).collect();
        for item in &mut select.projection {
            let SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(wildcard),
                _,
            ) = item
            else {
                continue;
            };
            let named = factors.iter().filter(|factor| is_called(factor, wildcard));
            let target = named
                .filter(|factor| matches!(reference(factor, &self.scopes), Ok(Reference::Table(_))))
                .find_map(|factor| self.targets.get(&key(factor)?));
            if let Some(target) = target {
                *wildcard = exact(&target.name, wildcard.span());
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        if self.scopes.passing > 0 {
            self.scopes.passing -= 1;
        } else {
            self.scopes.names.pop();
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        if self.scopes.passing > 0 {
            return ControlFlow::Continue(());
        }
        match reference(factor, &self.scopes) {
            Ok(Reference::Other) | Err(_) => return ControlFlow::Continue(()),
            Ok(Reference::Table(_) | Reference::Call(_)) => {}
        }
        let target = key(factor).and_then(|key| self.targets.get(&key)).cloned();
        if let (Some(target), TableFactor::Table { name, args, alias, .. }) = (target, factor) {
            let span = name.span();
            *args = None;
            *name = exact(&target.name, span);
            if alias.is_none()
                && let Some(own) = target.alias
            {
                *alias = Some(TableAlias {
                    explicit: true,
                    name: Ident::with_quote('"', own),
                    columns: vec![],
                    at: None,
                });
            }
        }
        ControlFlow::Continue(())
    }
}

/// Whether a table without an alias is named by the end of its name.
fn is_called(factor: &TableFactor, typed: &ast::ObjectName) -> bool {
    let TableFactor::Table { name, alias: None, .. } = factor else { return false };
    let folded = |part: &ObjectNamePart| part.as_ident().map(|ident| ident.value.to_lowercase());
    let name: Vec<_> = name.0.iter().map(folded).collect();
    let typed: Vec<_> = typed.0.iter().map(folded).collect();
    name.ends_with(&typed)
}

fn exact(name: &FullName, span: Span) -> ast::ObjectName {
    let parts = [&name.catalog, &name.schema, &name.table];
    let idents = parts.map(|part| {
        let mut ident = Ident::with_quote('"', part);
        ident.span = span;
        ObjectNamePart::Identifier(ident)
    });
    ast::ObjectName(idents.to_vec())
}

//! The tables of a block: names, aliases, subqueries, common table expressions.

use std::borrow::Cow;

use super::{At, Block, Catalog, Column, Draft};
use crate::engine::statement::lexer::Kind;

/// How deep subqueries of subqueries are looked into.
const DEPTH: usize = 12;

/// Functions whose arguments have a FROM of their own.
const WITH_FROM: [&str; 5] = ["EXTRACT", "SUBSTRING", "TRIM", "OVERLAY", "POSITION"];

/// Where the rows of a relation come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::repl) enum Source<'a> {
    /// A table, a view or a common table expression, by the parts of its name.
    Named(Vec<Cow<'a, str>>),
    /// A query in brackets: its group.
    Query(usize),
    /// A function or a path in quotes: only running it says which columns it has.
    Opaque,
}

/// One table of a FROM clause.
#[derive(Clone, Debug)]
pub(in crate::repl) struct Relation<'a> {
    pub(in crate::repl) source: Source<'a>,
    pub(in crate::repl) alias: Option<Cow<'a, str>>,
    /// Names for its columns, as in `AS t(a, b)`.
    renamed: Vec<Cow<'a, str>>,
    /// Its first token.
    pub(in crate::repl) at: At,
    /// Behind the last token of its name or bracket, without the alias.
    pub(in crate::repl) end: At,
}

impl Relation<'_> {
    /// The name by which its columns are qualified.
    pub(in crate::repl) fn handle(&self) -> Option<&str> {
        match (&self.alias, &self.source) {
            (Some(alias), _) => Some(alias),
            (None, Source::Named(parts)) => parts.last().map(|part| &**part),
            (None, _) => None,
        }
    }
}

/// A common table expression.
#[derive(Clone, Debug)]
pub(in crate::repl) struct Cte<'a> {
    pub(in crate::repl) name: Cow<'a, str>,
    renamed: Vec<Cow<'a, str>>,
    group: Option<usize>,
}

impl<'a> Draft<'a> {
    /// The relations of a block, in the order they stand in.
    pub(in crate::repl) fn relations(&self, block: &Block) -> Vec<Relation<'a>> {
        let mut found = Vec::new();
        let before = self.before(block.group).map_or("", |at| self.text(at));
        if block.group > 0 && WITH_FROM.iter().any(|name| name.eq_ignore_ascii_case(before)) {
            return found;
        }
        self.relations_of(&block.own, false, &mut found, 0);
        found
    }

    fn relations_of(
        &self,
        own: &[At],
        mut expected: bool,
        found: &mut Vec<Relation<'a>>,
        depth: usize,
    ) {
        let mut in_from = expected;
        let mut index = 0;
        while let Some(&at) = own.get(index) {
            index += 1;
            if self.is_any(at, &["FROM", "JOIN", "INTO", "UPDATE"]) {
                // `IS DISTINCT FROM` compares.
                let compares =
                    at > 0 && self.is_word(at, "FROM") && self.is_word(at - 1, "DISTINCT");
                expected |= !compares;
                in_from |= expected;
            } else if self.is_any(at, &["DESCRIBE", "SUMMARIZE"]) && index == 1 {
                expected = true;
            } else if self.is_any(at, &["LATERAL", "ONLY"]) && expected {
            } else if self.text(at) == "," {
                expected = in_from;
            } else if ends_from(self, at) {
                (expected, in_from) = (false, false);
            } else if self.is_word(at, "ON") || self.is_word(at, "USING") {
                expected = false;
            } else if expected {
                expected = false;
                if let Some(group) = self.opened(at).filter(|group| !self.is_query(*group)) {
                    // Joins within brackets.
                    if depth < DEPTH {
                        self.relations_of(&self.own(group), true, found, depth + 1);
                    }
                    continue;
                }
                if let Some(relation) = self.relation(own, &mut index) {
                    found.push(relation);
                }
            }
        }
    }

    /// The relation that begins with the token before `index`, which moves behind it.
    fn relation(&self, own: &[At], index: &mut usize) -> Option<Relation<'a>> {
        let at = *own.get(index.checked_sub(1)?)?;
        let token = self.tokens.get(at)?;
        let mut end = at + 1;
        let source = if let Some(group) = self.opened(at) {
            end = self.groups[group].end + 1;
            Source::Query(group)
        } else if token.kind == Kind::Literal {
            Source::Opaque
        } else {
            let mut parts = vec![self.name(at)?];
            while self.text(end) == "." {
                end += 1;
                *index += 1;
                if let Some(part) = self.any_name(end) {
                    parts.push(part);
                    end += 1;
                    *index += 1;
                } else {
                    parts.push(Cow::Borrowed(""));
                }
            }
            // Behind a table that rows are inserted into, its columns stand in brackets.
            let is_target = at > 0 && self.is_word(at - 1, "INTO");
            match self.opened(end).filter(|_| !is_target) {
                Some(group) => {
                    end = self.groups[group].end + 1;
                    *index += 1;
                    Source::Opaque
                }
                None => Source::Named(parts),
            }
        };
        let next = |step: usize| own.get(*index + step).copied();
        let mut taken = 0;
        if next(0).is_some_and(|at| self.is_word(at, "AS")) {
            taken = 1;
        }
        let alias = next(taken).and_then(|at| self.name(at));
        let mut renamed = Vec::new();
        if alias.is_some() {
            taken += 1;
            if let Some(group) = next(taken).and_then(|at| self.opened(at)) {
                renamed = self.own(group).into_iter().filter_map(|at| self.any_name(at)).collect();
                taken += 1;
            }
        }
        *index += taken;
        Some(Relation { source, alias, renamed, at, end })
    }

    /// A name, reserved or not: behind a dot every word is one.
    pub(in crate::repl) fn any_name(&self, at: At) -> Option<Cow<'a, str>> {
        let token = self.tokens.get(at)?;
        match token.kind {
            Kind::Word => Some(Cow::Borrowed(token.text)),
            Kind::QuotedName => Some(super::unquoted(token.text)),
            _ => None,
        }
    }

    /// The common table expressions that a group's queries see, innermost first.
    pub(in crate::repl) fn ctes(&self, group: usize) -> Vec<Cte<'a>> {
        let mut found = Vec::new();
        let mut around = Some(group);
        while let Some(group) = around {
            let own = self.own(group);
            if own.first().is_some_and(|at| self.is_word(*at, "WITH")) {
                self.read_ctes(&own[1..], &mut found);
            }
            around = self.parent(group);
        }
        found
    }

    fn read_ctes(&self, own: &[At], found: &mut Vec<Cte<'a>>) {
        let mut index = usize::from(own.first().is_some_and(|at| self.is_word(*at, "RECURSIVE")));
        while let Some(name) = own.get(index).and_then(|at| self.name(*at)) {
            index += 1;
            let mut renamed = Vec::new();
            if let Some(group) = own.get(index).and_then(|at| self.opened(*at)) {
                renamed = self.own(group).into_iter().filter_map(|at| self.any_name(at)).collect();
                index += 1;
            }
            while own.get(index).is_some_and(|at| self.is_any(*at, &["AS", "NOT", "MATERIALIZED"]))
            {
                index += 1;
            }
            let group = own.get(index).and_then(|at| self.opened(*at));
            found.push(Cte { name, renamed, group });
            index += 1;
            if own.get(index).is_none_or(|at| self.text(*at) != ",") {
                return;
            }
            index += 1;
        }
    }

    /// The columns of a relation that stands in `group`; `None` when they are not known.
    pub(in crate::repl) fn columns(
        &self,
        group: usize,
        relation: &Relation<'a>,
        catalog: &dyn Catalog,
    ) -> Option<Vec<Column>> {
        self.columns_within(group, relation, catalog, 0)
    }

    pub(super) fn columns_within(
        &self,
        group: usize,
        relation: &Relation<'a>,
        catalog: &dyn Catalog,
        depth: usize,
    ) -> Option<Vec<Column>> {
        if !relation.renamed.is_empty() {
            return Some(relation.renamed.iter().map(|name| Column::named(&**name)).collect());
        }
        if depth > DEPTH {
            return None;
        }
        match &relation.source {
            Source::Opaque => None,
            Source::Query(query) => self.output(*query, catalog, depth + 1),
            Source::Named(parts) => {
                if let [name] = parts.as_slice()
                    && let Some(cte) =
                        self.ctes(group).into_iter().find(|cte| cte.name.eq_ignore_ascii_case(name))
                {
                    if !cte.renamed.is_empty() {
                        return Some(cte.renamed.iter().map(|n| Column::named(&**n)).collect());
                    }
                    // A recursive one does not see itself.
                    return self.output(cte.group?, catalog, depth + 1);
                }
                catalog.columns(parts)
            }
        }
    }
}

/// Whether the token ends a list of tables.
fn ends_from(draft: &Draft<'_>, at: At) -> bool {
    const ENDS: [&str; 13] = [
        "SELECT", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "WINDOW", "QUALIFY",
        "SET", "VALUES", "FETCH", "TO",
    ];
    draft.is_any(at, &ENDS)
}

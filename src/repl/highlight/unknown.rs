//! Names of a draft that surely do not exist.
//!
//! Only what is sure is marked: a table whose schema has been listed, a column where the columns of
//! all tables around are known, a function. The word at the cursor is still being typed.

use std::collections::HashSet;

use crate::engine::statement::lexer::Kind;
use crate::repl::draft::{
    At, Block, Column, Draft, Relation, Source, is_keyword, is_type_or_constant,
};
use crate::repl::names::{Known, KnownTables, Names};

/// What looks like a function and is syntax.
const SYNTAX: [&str; 24] = [
    "array",
    "cast",
    "ceil",
    "coalesce",
    "columns",
    "cube",
    "errors",
    "exists",
    "extract",
    "filter",
    "floor",
    "grouping",
    "in",
    "map",
    "nullif",
    "over",
    "overlay",
    "position",
    "row",
    "rollup",
    "struct",
    "substring",
    "trim",
    "try_cast",
];

/// Where the tokens begin that name nothing.
pub(super) fn names(draft: &Draft<'_>, cursor: Option<usize>, names: &Names) -> HashSet<usize> {
    let known = names.snapshot();
    let home = names.home();
    let catalog = names.catalog(&known, &home);
    let looker = Looker { draft, known: &known, home: &home, catalog: &catalog };
    let mut found = HashSet::new();
    for block in draft.all_blocks() {
        looker.tables(&block, &mut found);
        looker.values(&block, &mut found);
    }
    let touched = |at: &At| {
        let token = draft.tokens[*at];
        cursor.is_some_and(|cursor| token.start <= cursor && cursor <= token.end())
    };
    found.into_iter().filter(|at| !touched(at)).map(|at| draft.tokens[at].start).collect()
}

struct Looker<'l, 'a> {
    draft: &'l Draft<'a>,
    known: &'l Known,
    home: &'l [String; 2],
    catalog: &'l KnownTables<'l>,
}

/// The tables around a block with their columns, all of which are known.
type Scope<'a> = Vec<(Relation<'a>, Vec<Column>)>;

impl<'a> Looker<'_, 'a> {
    fn tables(&self, block: &Block, found: &mut HashSet<At>) {
        // A name that is made is no name yet; one that is dropped is the user's business.
        if self.draft.is_any(0, &["CREATE", "COPY", "DROP", "SHOW"]) && block.group == 0 {
            return;
        }
        for relation in self.draft.relations(block) {
            let Source::Named(parts) = &relation.source else { continue };
            let ctes = self.draft.ctes(block.group);
            let is_cte = |name: &str| ctes.iter().any(|cte| cte.name.eq_ignore_ascii_case(name));
            if parts.len() == 1 && is_cte(&parts[0]) {
                continue;
            }
            if self.known.is_missing(parts, self.home) {
                found.extend((relation.at..relation.end).filter(|at| self.draft.text(*at) != "."));
            }
        }
    }

    /// `None` when there is no table, or one of unknown columns.
    fn scope(&self, block: &Block) -> Option<Scope<'a>> {
        let mut scope = Vec::new();
        let mut block = block.clone();
        loop {
            for relation in self.draft.relations(&block) {
                let columns = self.draft.columns(block.group, &relation, self.catalog)?;
                scope.push((relation, columns));
            }
            let (Some(parent), Some(bracket)) =
                (self.draft.parent(block.group), self.draft.bracket(block.group))
            else {
                return (!scope.is_empty()).then_some(scope);
            };
            block = self.draft.block_at(parent, self.draft.tokens[bracket].start);
        }
    }

    fn values(&self, block: &Block, found: &mut HashSet<At>) {
        let scope = self.scope(block);
        let aliases = self.aliases(block);
        for &at in &block.own {
            let token = self.draft.tokens[at];
            let is_name = token.kind == Kind::QuotedName
                || (token.kind == Kind::Word
                    && !is_keyword(token.text)
                    && !is_type_or_constant(token.text));
            if !is_name || !self.is_value(at) {
                continue;
            }
            if let Some(arguments) = self.draft.opened(at + 1) {
                let makes_columns = self.draft.is_word(self.draft.end(arguments) + 1, "AS");
                if token.kind == Kind::Word && !makes_columns && self.is_no_function(token.text) {
                    found.insert(at);
                }
                continue;
            }
            let Some(scope) = &scope else { continue };
            let Some(name) = self.draft.any_name(at) else { continue };
            let has = |columns: &[Column], name: &str| {
                columns.iter().any(|column| column.name.eq_ignore_ascii_case(name))
            };
            if self.draft.text(at + 1) != "." {
                let literal =
                    self.draft.tokens.get(at + 1).is_some_and(|t| t.kind == Kind::Literal);
                let named =
                    matches!(self.draft.text(at + 1), "=>" | "->" | "=") && self.is_argument(block);
                let is_known = scope.iter().any(|(_, columns)| has(columns, &name))
                    || aliases.iter().any(|alias| alias.eq_ignore_ascii_case(&name))
                    // A whole row.
                    || scope.iter().any(|(r, _)| r.handle().is_some_and(|h| h.eq_ignore_ascii_case(&name)));
                if !literal && !named && !is_known {
                    found.insert(at);
                }
                continue;
            }
            // `handle.column`; what is longer may go into a struct.
            let Some(column) =
                self.draft.any_name(at + 2).filter(|_| self.draft.text(at + 3) != ".")
            else {
                continue;
            };
            let mut meant = scope
                .iter()
                .filter(|(r, _)| r.handle().is_some_and(|h| h.eq_ignore_ascii_case(&name)));
            if let Some((_, columns)) = meant.next()
                && !has(columns, &column)
                && self.draft.opened(at + 3).is_none()
            {
                found.insert(at + 2);
            }
        }
    }

    /// Whether a value is expected at a token, so that its word is a column or a function.
    fn is_value(&self, at: At) -> bool {
        const BEFORE: [&str; 20] = [
            "SELECT", "WHERE", "AND", "OR", "NOT", "HAVING", "BY", "DISTINCT", "CASE", "WHEN",
            "THEN", "ELSE", "BETWEEN", "IN", "LIKE", "ILIKE", "ON", "QUALIFY", "ALL", "IS",
        ];
        let Some(before) = at.checked_sub(1) else { return false };
        let token = self.draft.tokens[before];
        match token.kind {
            Kind::Word => self.draft.is_any(before, &BEFORE) && !self.is_clause_word(before),
            Kind::Symbol => {
                !matches!(token.text, ")" | "]" | "." | "::" | ":" | ";" | "{")
                    && !self.is_in_list_of_names(at)
            }
            _ => false,
        }
    }

    /// `UNION ALL`, `UNION DISTINCT`, `DISTINCT ON`, `PARTITIONED BY`.
    fn is_clause_word(&self, at: At) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        self.draft.is_any(before, &["UNION", "INTERSECT", "EXCEPT", "PARTITIONED"])
    }

    /// Whether the token stands where tables, not values, are listed, or names that are made there.
    fn is_in_list_of_names(&self, at: At) -> bool {
        let Some(group) = self.group_of(at) else { return true };
        if !self.draft.is_query(group) {
            let Some(before) = self.draft.before(group) else { return false };
            let makes = self.draft.is_any(before, &["USING", "PARTITION_BY", "BY", "OPTIONS"])
                || self.draft.is_word(self.draft.end(group) + 1, "AS")
                || self
                    .draft
                    .is_any(0, &["INSERT", "CREATE", "COPY", "PREPARE", "EXECUTE", "EXPLAIN"])
                || self.draft.name(before).is_some_and(|name| {
                    name.eq_ignore_ascii_case("extract") || self.is_no_function(&name)
                });
            // The alias of a table may name its columns.
            return makes || self.draft.opened(before).is_some();
        }
        const CLAUSES: [&str; 9] =
            ["SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "ON", "WITH", "QUALIFY"];
        let block = self.draft.block_at(group, self.draft.tokens[at].start);
        let mut own = block.own.iter().rev().filter(|own| **own < at);
        let clause = own.find(|own| self.draft.is_any(**own, &CLAUSES));
        clause.is_none_or(|own| self.draft.is_any(*own, &["FROM", "WITH"]))
            || (clause.is_some_and(|own| self.draft.is_word(*own, "ON"))
                && self.draft.text(at - 1) == ",")
    }

    fn group_of(&self, at: At) -> Option<usize> {
        self.draft.tokens.get(at).map(|token| self.draft.group_at(token.start))
    }

    /// Whether a block is the arguments of a function.
    fn is_argument(&self, block: &Block) -> bool {
        self.draft.before(block.group).is_some_and(|at| self.draft.name(at).is_some())
    }

    fn is_no_function(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        !self.known.functions.is_empty()
            && !SYNTAX.contains(&name.as_str())
            && !self.known.functions.iter().any(|function| function.name == name)
    }

    /// The names that the select lists of a block and of those around it give.
    fn aliases(&self, block: &Block) -> Vec<String> {
        let mut aliases = Vec::new();
        let mut group = Some(block.group);
        while let Some(at) = group {
            for block in self.draft.blocks(at) {
                let Some(select) =
                    block.own.iter().position(|at| self.draft.is_word(*at, "SELECT"))
                else {
                    continue;
                };
                for item in self.draft.select_items(&block.own[select + 1..]) {
                    aliases.extend(self.draft.alias(item).map(|column| column.name));
                }
            }
            group = self.draft.parent(at);
        }
        aliases
    }
}

//! What there is of what is expected: columns, tables, functions, words.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::Completion;
use super::place::{Cursor, Place};
use super::rank::{Candidate, Class, Fit, Ranked, fit, ranked, typed_name};
use super::words::{self, in_case};
use crate::repl::draft::{Column, Draft, Relation, Source};
use crate::repl::names::{Known, KnownTables};

/// Letters of a function's arguments that a list has room for.
const ARGUMENTS: usize = 40;

/// Candidates for one cursor.
pub(super) struct Candidates<'c, 'a> {
    draft: &'c Draft<'a>,
    cursor: &'c Cursor<'a>,
    known: &'c Known,
    home: &'c [String; 2],
    catalog: &'c KnownTables<'c>,
    is_upper: bool,
    found: Vec<Ranked>,
}

impl<'c, 'a> Candidates<'c, 'a> {
    pub(super) fn new(
        draft: &'c Draft<'a>,
        cursor: &'c Cursor<'a>,
        known: &'c Known,
        home: &'c [String; 2],
        catalog: &'c KnownTables<'c>,
    ) -> Self {
        let sample = if cursor.typed.is_empty() { draft.text(0) } else { &cursor.typed };
        let mut letters = sample.chars().filter(|c| c.is_alphabetic()).peekable();
        let is_upper = letters.peek().is_some() && letters.all(char::is_uppercase);
        Self { draft, cursor, known, home, catalog, is_upper, found: vec![] }
    }

    /// The candidates, best first.
    pub(super) fn ranked(self) -> Vec<Candidate> {
        ranked(self.found)
    }

    /// Adds what can stand at a place.
    pub(super) fn add(&mut self, place: Place) {
        match place {
            Place::Nothing | Place::Path => {}
            Place::Start => self.add_words(words::START),
            Place::Table => self.add_tables(),
            Place::Schema => self.add_schemas(),
            Place::Catalog => self.add_catalogs(""),
            Place::Words(words) => self.add_words(&words),
            Place::Value { aliases } => {
                self.add_columns();
                if self.cursor.qualifier.is_empty() {
                    if aliases {
                        self.add_aliases();
                    }
                    self.add_functions(|kind| kind != "table");
                    self.add_words(words::VALUE);
                    let parent = self.draft.before(self.cursor.group);
                    if parent.is_some_and(|at| self.draft.is_word(at, "IN")) {
                        self.add_words(&["SELECT"]);
                    }
                    if self.cursor.before.is_some_and(|at| self.draft.is_word(at, "SELECT")) {
                        self.add_words(&["DISTINCT"]);
                    }
                }
            }
            Place::JoinCondition => {
                if self.cursor.qualifier.is_empty() {
                    self.add_join_conditions();
                }
                self.add_columns();
            }
            Place::SharedColumn => self.add_shared_columns(),
            Place::InsertedColumn => {
                let top = self.draft.block_at(0, 0);
                if let Some(relation) = self.draft.relations(&top).first() {
                    self.add_columns_of(0, relation, Class::InScope);
                }
            }
            Place::Setting => {
                let settings = Arc::clone(&self.known.settings);
                for setting in settings.iter() {
                    // Our own have short names and come first.
                    let own = !setting.name.contains('.');
                    let class = if own { Class::InScope } else { Class::Elsewhere };
                    self.push(&setting.name, setting.name.clone(), &setting.value, class);
                }
            }
            Place::SettingValue(name) => self.add_setting_values(&name),
        }
    }

    /// Adds a candidate that is found by `name`, if it fits.
    fn push(&mut self, name: &str, insert: String, note: &str, class: Class) {
        let Some(fit) = fit(name, &self.cursor.typed) else { return };
        let used = self.known.used.get(&name.to_ascii_lowercase()).copied().unwrap_or(0);
        let order = self.found.len();
        let label = insert.clone();
        let candidate = Candidate { insert, label, note: note.to_owned() };
        self.found.push(Ranked { candidate, fit, class, used, order });
    }

    fn add_words(&mut self, words: &[&str]) {
        if self.cursor.quoted || !self.cursor.qualifier.is_empty() {
            return;
        }
        for word in words {
            self.push(word, in_case(word, self.is_upper), "", Class::Keyword);
        }
    }

    fn name(&self, name: &str) -> String {
        typed_name(name, self.cursor.quoted)
    }

    // ---- tables

    fn add_tables(&mut self) {
        let known = self.known;
        let catalog_of = |name: &str| {
            known.tables.iter().find(|(catalog, _)| catalog.eq_ignore_ascii_case(name))
        };
        match self.cursor.qualifier.as_slice() {
            [] => {
                for cte in self.draft.ctes(self.cursor.group) {
                    self.push(&cte.name, self.name(&cte.name), "", Class::InScope);
                }
                self.add_tables_here();
                self.add_schemas_of(&self.home[0].clone(), ".", Class::Elsewhere);
                self.add_catalogs(".");
                self.add_tables_elsewhere();
                self.add_functions(|kind| kind == "table");
            }
            [one] => {
                let home = &self.home[0];
                self.add_tables_of(home, one, Class::Here);
                if let Some((catalog, _)) = catalog_of(one) {
                    self.add_schemas_of(catalog, ".", Class::Elsewhere);
                }
            }
            [catalog, schema] => self.add_tables_of(catalog, schema, Class::Here),
            _ => {}
        }
    }

    fn add_tables_of(&mut self, catalog: &str, schema: &str, class: Class) {
        let schemas = self.known.tables.iter().filter(|(c, _)| c.eq_ignore_ascii_case(catalog));
        let tables = schemas
            .flat_map(|(_, schemas)| schemas)
            .find(|(known, _)| known.eq_ignore_ascii_case(schema));
        let Some((_, tables)) = tables else { return };
        for table in tables.iter() {
            self.push(table, self.name(table), "", class);
        }
    }

    fn add_tables_here(&mut self) {
        let fitting = self.columns_in_select();
        let home = self.home;
        let tables = self.known.tables.get(&home[0]).and_then(|schemas| schemas.get(&home[1]));
        for table in tables.iter().flat_map(|tables| tables.iter()) {
            // A table that has the columns that are selected already is likely the one.
            let full = [home[0].clone(), home[1].clone(), table.clone()];
            let has = |wanted: &String| {
                self.known.columns.get(&full).is_some_and(|columns| {
                    columns.iter().any(|column| column.name.eq_ignore_ascii_case(wanted))
                })
            };
            let fits = !fitting.is_empty() && fitting.iter().all(has);
            let class = if fits { Class::InScope } else { Class::Here };
            self.push(table, self.name(table), "", class);
        }
        if self.home[0] != "session" {
            self.add_tables_of("session", "default", Class::Here);
        }
    }

    /// The columns that the select list of this block names.
    fn columns_in_select(&self) -> Vec<String> {
        let own = &self.cursor.block.own;
        let Some(select) = own.iter().position(|at| self.draft.is_word(*at, "SELECT")) else {
            return vec![];
        };
        let plain = |item: &[usize]| match item {
            [at] => self.draft.name(*at).map(Cow::into_owned),
            _ => None,
        };
        self.draft.select_items(&own[select + 1..]).filter_map(plain).collect()
    }

    /// Tables of other schemas, by their own names: typed is `daily`, meant `reports.daily`.
    fn add_tables_elsewhere(&mut self) {
        let is_here = self.found.iter().any(|found| found.fit == Fit::Prefix);
        if self.cursor.typed.is_empty() || is_here {
            return;
        }
        let (known, home) = (self.known, self.home);
        for (catalog, schemas) in &known.tables {
            for (schema, tables) in schemas {
                let here = *catalog == home[0] && *schema == home[1];
                if here || catalog == "session" || schema == "information_schema" {
                    continue;
                }
                for table in tables.iter().filter(|t| fit(t, &self.cursor.typed).is_some()) {
                    let name = |part: &str| typed_name(part, false);
                    let insert = if *catalog == home[0] {
                        format!("{}.{}", name(schema), name(table))
                    } else {
                        format!("{}.{}.{}", name(catalog), name(schema), name(table))
                    };
                    self.push(table, insert, "", Class::Elsewhere);
                }
            }
        }
    }

    fn add_schemas(&mut self) {
        match self.cursor.qualifier.as_slice() {
            [] => {
                self.add_schemas_of(&self.home[0].clone(), "", Class::Here);
                self.add_catalogs("");
            }
            [catalog] => self.add_schemas_of(catalog, "", Class::Here),
            _ => {}
        }
    }

    fn add_schemas_of(&mut self, catalog: &str, end: &str, class: Class) {
        let known = self.known;
        let schemas = known.tables.iter().filter(|(c, _)| c.eq_ignore_ascii_case(catalog));
        for schema in schemas.flat_map(|(_, schemas)| schemas.keys()) {
            self.push(schema, format!("{}{end}", self.name(schema)), "", class);
        }
    }

    fn add_catalogs(&mut self, end: &str) {
        let known = self.known;
        for catalog in &known.catalogs {
            self.push(catalog, format!("{}{end}", self.name(catalog)), "", Class::Elsewhere);
        }
    }

    /// Full names of tables within a literal, as `errors('…')` takes them.
    pub(super) fn quoted_tables(mut self, typed: &str, start: usize) -> Completion {
        let known = self.known;
        for (catalog, schemas) in &known.tables {
            for (schema, table) in schemas.iter().flat_map(|(s, t)| t.iter().map(move |t| (s, t))) {
                let full = format!("{catalog}.{schema}.{table}");
                let fits = fit(&full, typed).or_else(|| fit(table, typed));
                if let Some(fit) = fits {
                    let insert = format!("{full}'");
                    let candidate = Candidate { insert, label: full, note: String::new() };
                    let order = self.found.len();
                    self.found.push(Ranked { candidate, fit, class: Class::Here, used: 0, order });
                }
            }
        }
        Completion { start, candidates: self.ranked() }
    }

    // ---- columns

    fn relations(&self, group: usize) -> Vec<Relation<'a>> {
        let offset = self.cursor.start;
        self.draft.relations(&self.draft.block_at(group, offset))
    }

    fn add_columns(&mut self) {
        let mut around = Some(self.cursor.group);
        let mut class = Class::InScope;
        let mut any = false;
        while let Some(group) = around {
            let relations = self.relations(group);
            let is_query = self.draft.is_query(group);
            any |= !relations.is_empty();
            if self.cursor.qualifier.is_empty() {
                self.add_columns_of_all(group, &relations, class);
            } else if let [handle] = self.cursor.qualifier.as_slice() {
                let handle = handle.to_string();
                for relation in &relations {
                    if relation.handle().is_some_and(|known| known.eq_ignore_ascii_case(&handle)) {
                        self.add_columns_of(group, relation, class);
                    }
                }
            }
            around = self.draft.parent(group);
            if is_query && !relations.is_empty() {
                class = Class::Around;
            }
        }
        if !any {
            self.add_columns_anywhere();
        }
    }

    fn add_columns_of(&mut self, group: usize, relation: &Relation<'a>, class: Class) {
        for column in self.draft.columns(group, relation, self.catalog).unwrap_or_default() {
            self.push(&column.name, self.name(&column.name), &column.data_type, class);
        }
    }

    /// Columns by their names alone where one table has them, else with the table before them; and
    /// the names of the tables.
    fn add_columns_of_all(&mut self, group: usize, relations: &[Relation<'a>], class: Class) {
        let known: Vec<(&Relation<'a>, Vec<Column>)> = relations
            .iter()
            .map(|relation| {
                let columns = self.draft.columns(group, relation, self.catalog);
                (relation, columns.unwrap_or_default())
            })
            .collect();
        let mut once = HashSet::new();
        let mut twice = HashSet::new();
        for name in known.iter().flat_map(|(_, columns)| columns).map(|column| &column.name) {
            if !once.insert(name) {
                twice.insert(name);
            }
        }
        for (relation, columns) in &known {
            for column in columns {
                let mut insert = self.name(&column.name);
                if let Some(handle) = relation.handle().filter(|_| twice.contains(&column.name)) {
                    insert = format!("{}.{insert}", typed_name(handle, false));
                }
                self.push(&column.name, insert, &column.data_type, class);
            }
        }
        for relation in relations {
            if let Some(handle) = relation.handle() {
                let is_word_at_cursor = relation.at < self.draft.tokens.len()
                    && self.draft.tokens[relation.at].start == self.cursor.start;
                if !is_word_at_cursor {
                    self.push(handle, format!("{}.", typed_name(handle, false)), "", Class::Around);
                }
            }
        }
    }

    /// Before FROM is typed: the columns of the tables that are known here, each once.
    fn add_columns_anywhere(&mut self) {
        let known = self.known;
        let mut seen = HashSet::new();
        let mut tables: Vec<_> = known
            .columns
            .iter()
            .filter(|(name, _)| name[0] == self.home[0] && name[1] == self.home[1])
            .collect();
        tables.sort_by_key(|(name, _)| *name);
        let qualifier = self.cursor.qualifier.first();
        for (name, columns) in tables {
            let is_meant = qualifier.is_none_or(|handle| handle.eq_ignore_ascii_case(&name[2]));
            for column in columns.iter().filter(|_| is_meant) {
                if seen.insert(&column.name) {
                    self.push(&column.name, self.name(&column.name), &name[2], Class::Here);
                }
            }
        }
        if qualifier.is_none() && !self.cursor.typed.is_empty() {
            let tables = known.tables.get(&self.home[0]).and_then(|s| s.get(&self.home[1]));
            for table in tables.iter().flat_map(|tables| tables.iter()) {
                self.push(table, format!("{}.", self.name(table)), "", Class::Elsewhere);
            }
        }
    }

    /// The names that the select list gives.
    fn add_aliases(&mut self) {
        let own = &self.cursor.block.own;
        let Some(select) = own.iter().position(|at| self.draft.is_word(*at, "SELECT")) else {
            return;
        };
        let items = self.draft.select_items(&own[select + 1..]);
        let aliases: Vec<Column> = items.filter_map(|item| self.draft.alias(item)).collect();
        for alias in aliases {
            self.push(&alias.name, self.name(&alias.name), "", Class::InScope);
        }
    }

    /// Whole conditions of equal columns, as `a.user_id = b.user_id`.
    fn add_join_conditions(&mut self) {
        let relations: Vec<_> = self.tables_before_cursor();
        let Some((last, earlier)) = relations.split_last() else { return };
        let last_columns = self.draft.columns(self.cursor.group, last, self.catalog);
        let (Some(last_columns), Some(right)) = (last_columns, last.handle()) else { return };
        for relation in earlier {
            let columns = self.draft.columns(self.cursor.group, relation, self.catalog);
            let (Some(columns), Some(left)) = (columns, relation.handle()) else { continue };
            for column in &columns {
                if last_columns.iter().any(|other| other.name == column.name) {
                    let name = typed_name(&column.name, false);
                    let side = |handle| format!("{}.{name}", typed_name(handle, false));
                    let condition = format!("{} = {}", side(left), side(right));
                    self.push(&condition.clone(), condition, "", Class::InScope);
                }
            }
        }
    }

    fn add_shared_columns(&mut self) {
        let Some(parent) = self.draft.parent(self.cursor.group) else { return };
        let relations: Vec<_> = self
            .relations(parent)
            .into_iter()
            .filter(|relation| self.starts_before_cursor(relation))
            .collect();
        let columns = |relation| self.draft.columns(parent, relation, self.catalog);
        let Some((last, earlier)) = relations.split_last() else { return };
        let earlier: Vec<Column> = earlier.iter().filter_map(columns).flatten().collect();
        for column in columns(last).unwrap_or_default() {
            if earlier.iter().any(|other| other.name == column.name) {
                self.push(&column.name, self.name(&column.name), &column.data_type, Class::InScope);
            }
        }
    }

    fn tables_before_cursor(&self) -> Vec<Relation<'a>> {
        let relations = self.relations(self.cursor.group).into_iter();
        relations.filter(|relation| self.starts_before_cursor(relation)).collect()
    }

    fn starts_before_cursor(&self, relation: &Relation<'a>) -> bool {
        let begin = self.draft.tokens.get(relation.at).map_or(0, |token| token.start);
        begin < self.cursor.start && !matches!(&relation.source, Source::Named(p) if p.is_empty())
    }

    // ---- the rest

    fn add_functions(&mut self, wanted: impl Fn(&str) -> bool) {
        if self.cursor.typed.is_empty() || self.cursor.quoted {
            return;
        }
        let functions = Arc::clone(&self.known.functions);
        for function in functions.iter().filter(|function| wanted(&function.kind)) {
            let arguments = function.arguments.strip_prefix(&function.name).unwrap_or_default();
            let first = arguments.split("), ").next().unwrap_or_default();
            let cut: String = first.chars().take(ARGUMENTS).collect();
            let mark = if cut.len() < first.len() { "…" } else { "" };
            let insert = format!("{}(", function.name);
            self.push(&function.name, insert, &format!("{cut}{mark}"), Class::Function);
        }
    }

    fn add_setting_values(&mut self, name: &str) {
        let settings = Arc::clone(&self.known.settings);
        let setting = settings.iter().find(|setting| setting.name.eq_ignore_ascii_case(name));
        let Some(value) = setting.map(|setting| setting.value.as_str()) else { return };
        let choices: &[&str] = match (name, value) {
            (_, "true" | "false") => &["true", "false"],
            ("timezone", _) => {
                &["'UTC'", "'Europe/Berlin'", "'Asia/Shanghai'", "'America/New_York'"]
            }
            (name, _) if name.ends_with("timeout") => &["'30s'", "'5min'", "'1h'"],
            _ => &[],
        };
        for choice in choices {
            self.push(choice, (*choice).to_owned(), "", Class::InScope);
        }
        if choices.is_empty() && !value.is_empty() {
            let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
            let insert = if is_number { value.to_owned() } else { format!("'{value}'") };
            self.push(value, insert, "now", Class::InScope);
        }
    }
}

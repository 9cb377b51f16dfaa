//! What columns a query gives, from its text.

use super::{At, Block, Catalog, Column, Draft};
use crate::engine::statement::lexer::Kind;

impl<'a> Draft<'a> {
    /// The columns that the query in a group gives; `None` when a table of it is not known.
    pub(super) fn output(
        &self,
        group: usize,
        catalog: &dyn Catalog,
        depth: usize,
    ) -> Option<Vec<Column>> {
        // All sides of a UNION have the names of the first.
        let block = self.blocks(group).into_iter().next()?;
        let select = block.own.iter().position(|at| self.is_word(*at, "SELECT"));
        let Some(select) = select else {
            if block.own.first().is_some_and(|at| self.is_word(*at, "VALUES")) {
                let row = block.own.get(1).and_then(|at| self.opened(*at))?;
                let values = self.own(row).split(|at| self.text(*at) == ",").count();
                return Some((1..=values).map(|n| Column::named(format!("column{n}"))).collect());
            }
            return self.all_columns(&block, None, catalog, depth);
        };
        let mut columns = Vec::new();
        for item in self.select_items(&block.own[select + 1..]) {
            match item {
                [star] if self.text(*star) == "*" => {
                    columns.extend(self.all_columns(&block, None, catalog, depth)?);
                }
                [of, _, star] if self.text(*star) == "*" => {
                    let of = self.any_name(*of)?;
                    columns.extend(self.all_columns(&block, Some(&of), catalog, depth)?);
                }
                [first, ..] if self.text(*first) == "*" => return None,
                [] => {}
                item => columns.push(self.item_name(item)),
            }
        }
        Some(columns)
    }

    /// The expressions of a select list that begins `own`.
    pub(in crate::repl) fn select_items<'o>(
        &self,
        mut own: &'o [At],
    ) -> impl Iterator<Item = &'o [At]> + use<'o, '_, 'a> {
        if own.first().is_some_and(|at| self.is_any(*at, &["DISTINCT", "ALL"])) {
            own = &own[1..];
            if own.first().is_some_and(|at| self.is_word(*at, "ON")) {
                own = own.get(2..).unwrap_or_default();
            }
        }
        const ENDS: [&str; 9] =
            ["FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "QUALIFY", "WINDOW", "INTO"];
        let compares = |at: At| at > 0 && self.is_word(at - 1, "DISTINCT");
        let end = own.iter().position(|at| self.is_any(*at, &ENDS) && !compares(*at));
        let own = &own[..end.unwrap_or(own.len())];
        own.split(|at| self.text(*at) == ",")
    }

    /// The alias that a select item has, if it has one.
    pub(in crate::repl) fn alias(&self, item: &[At]) -> Option<Column> {
        let [.., before, last] = item else { return None };
        let token = self.tokens.get(*before)?;
        let name = self.name(*last)?;
        let behind_value = match token.kind {
            Kind::Word => {
                self.is_any(*before, &["AS", "END", "NULL"]) || !super::is_reserved(token.text)
            }
            Kind::Symbol => matches!(token.text, "(" | "]"),
            _ => true,
        };
        behind_value.then(|| Column::named(name))
    }

    fn item_name(&self, item: &[At]) -> Column {
        if let Some(alias) = self.alias(item) {
            return alias;
        }
        let is_path = item.iter().enumerate().all(|(index, at)| match index % 2 {
            0 => self.any_name(*at).is_some(),
            _ => self.text(*at) == ".",
        });
        match item.last().and_then(|at| self.any_name(*at)).filter(|_| is_path) {
            Some(name) => Column::named(name),
            // An expression is called what was typed.
            None => Column::named(self.typed(item)),
        }
    }

    fn typed(&self, item: &[At]) -> String {
        let (Some(first), Some(last)) = (item.first(), item.last()) else { return String::new() };
        let end = self.opened(*last).map_or(*last, |group| self.groups[group].end);
        let end = end.min(self.tokens.len().saturating_sub(1));
        self.tokens[*first..=end].iter().map(|token| token.text).collect()
    }

    /// The columns of all relations of a block, or of the one that is called `of`.
    fn all_columns(
        &self,
        block: &Block,
        of: Option<&str>,
        catalog: &dyn Catalog,
        depth: usize,
    ) -> Option<Vec<Column>> {
        let mut columns = Vec::new();
        for relation in self.relations(block) {
            let is_meant = of.is_none_or(|of| {
                relation.handle().is_some_and(|handle| handle.eq_ignore_ascii_case(of))
            });
            if is_meant {
                columns.extend(self.columns_within(block.group, &relation, catalog, depth)?);
            }
        }
        Some(columns)
    }
}

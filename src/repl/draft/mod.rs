//! A statement that is still being typed: its tokens, its brackets, and what its parts can see.
//!
//! Nothing here fails: half a statement is the usual case. Completion and highlighting both read a
//! [`Draft`]; which tables and columns exist is asked of a [`Catalog`].

mod keywords;
mod output;
mod relations;

use std::borrow::Cow;

use crate::engine::statement::lexer::{Kind, Lexeme, lexemes};

pub(super) use keywords::{is_keyword, is_reserved, is_type_or_constant};
pub(super) use relations::{Relation, Source};

/// A column as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// Its SQL type; empty for a column of a subquery.
    pub(super) data_type: String,
}

impl Column {
    fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), data_type: String::new() }
    }
}

/// What the tables of a draft are.
pub(super) trait Catalog {
    /// The columns of a table by its name as typed; `None` when they are not known.
    fn columns(&self, name: &[Cow<'_, str>]) -> Option<Vec<Column>>;
}

/// The index of a token of a draft.
pub(super) type At = usize;

/// A pair of brackets, or the whole draft.
#[derive(Clone, Copy, Debug)]
struct Group {
    parent: usize,
    /// Its first token.
    first: At,
    /// Behind its last token: where `)` stands, or the end.
    end: At,
}

/// The tokens of one statement without blanks, and its groups; group 0 is the whole.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) tokens: Vec<Lexeme<'a>>,
    groups: Vec<Group>,
    /// The group that each `(` opens, by token.
    opened: Vec<Option<usize>>,
}

/// What lies side by side in a group between two set operators: one SELECT, or an expression.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) group: usize,
    /// Its tokens; what stands within brackets is represented by the `(`.
    pub(super) own: Vec<At>,
}

impl<'a> Draft<'a> {
    /// Reads `text`, which is one statement.
    pub(super) fn read(text: &'a str) -> Self {
        let tokens: Vec<_> = lexemes(text).filter(|lexeme| !lexeme.is_blank()).collect();
        let mut groups = vec![Group { parent: 0, first: 0, end: tokens.len() }];
        let mut opened = vec![None; tokens.len()];
        let mut open = vec![0];
        for (at, token) in tokens.iter().enumerate() {
            match token.text {
                "(" => {
                    let parent = open.last().copied().unwrap_or(0);
                    opened[at] = Some(groups.len());
                    open.push(groups.len());
                    groups.push(Group { parent, first: at + 1, end: tokens.len() });
                }
                ")" if open.len() > 1 => {
                    if let Some(group) = open.pop() {
                        groups[group].end = at;
                    }
                }
                _ => {}
            }
        }
        Self { tokens, groups, opened }
    }

    /// The text of a token; empty beyond the ends.
    pub(super) fn text(&self, at: At) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    /// Whether the token is this word, in any case and without quotes.
    pub(super) fn is_word(&self, at: At, word: &str) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.kind == Kind::Word && token.text.eq_ignore_ascii_case(word))
    }

    /// Whether the token is one of these words.
    pub(super) fn is_any(&self, at: At, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_word(at, word))
    }

    /// The name that the token is; `None` for a reserved word or anything else.
    pub(super) fn name(&self, at: At) -> Option<Cow<'a, str>> {
        let token = self.tokens.get(at)?;
        match token.kind {
            Kind::Word if !is_reserved(token.text) => Some(Cow::Borrowed(token.text)),
            Kind::QuotedName => Some(unquoted(token.text)),
            _ => None,
        }
    }

    /// The group that the `(` at a token opens.
    pub(super) fn opened(&self, at: At) -> Option<usize> {
        self.opened.get(at).copied().flatten()
    }

    /// The innermost group whose brackets are around byte `offset`.
    pub(super) fn group_at(&self, offset: usize) -> usize {
        let around = |group: &Group| {
            let begins = match group.first {
                0 => 0,
                first => self.tokens[first - 1].end(),
            };
            let ends = self.tokens.get(group.end).map_or(usize::MAX, |token| token.start);
            begins <= offset && offset <= ends
        };
        // Groups are numbered as they open: the last one around it is the innermost.
        self.groups.iter().rposition(around).unwrap_or(0)
    }

    /// The group around a group.
    pub(super) fn parent(&self, group: usize) -> Option<usize> {
        (group > 0).then(|| self.groups[group].parent)
    }

    /// The token before a group's `(`.
    pub(super) fn before(&self, group: usize) -> Option<At> {
        self.groups[group].first.checked_sub(2)
    }

    /// The `(` of a group.
    pub(super) fn bracket(&self, group: usize) -> Option<At> {
        (group > 0).then(|| self.groups[group].first - 1)
    }

    /// Where a group's `)` stands, or would stand.
    pub(super) fn end(&self, group: usize) -> At {
        self.groups[group].end
    }

    /// The tokens of a group without those of the groups in it.
    fn own(&self, group: usize) -> Vec<At> {
        let Group { first, end, .. } = self.groups[group];
        let mut own = Vec::new();
        let mut at = first;
        while at < end {
            own.push(at);
            at = match self.opened(at) {
                Some(inner) => self.groups[inner].end + 1,
                None => at + 1,
            };
        }
        own
    }

    /// The blocks of a group.
    pub(super) fn blocks(&self, group: usize) -> Vec<Block> {
        let own = self.own(group);
        let ends = |at: &At| self.is_any(*at, &["UNION", "INTERSECT", "EXCEPT"]);
        own.split(ends).map(|own| Block { group, own: own.to_vec() }).collect()
    }

    /// The block of a group that byte `offset` is in.
    pub(super) fn block_at(&self, group: usize, offset: usize) -> Block {
        let blocks = self.blocks(group);
        let begun = |block: &Block| {
            block.own.first().is_none_or(|first| self.tokens[*first].start <= offset)
        };
        let found = blocks.iter().rfind(|block| begun(block)).or(blocks.first()).cloned();
        found.unwrap_or(Block { group, own: vec![] })
    }

    /// All blocks, outer ones first.
    pub(super) fn all_blocks(&self) -> impl Iterator<Item = Block> + '_ {
        (0..self.groups.len()).flat_map(|group| self.blocks(group))
    }

    /// Whether a group is a query, not a list or an expression.
    pub(super) fn is_query(&self, group: usize) -> bool {
        let first = self.groups[group].first;
        group == 0 || self.is_any(first, &["SELECT", "WITH", "FROM", "VALUES"])
    }
}

/// The text of a quoted name.
pub(super) fn unquoted(text: &str) -> Cow<'_, str> {
    let Some(quote) = text.chars().next() else { return Cow::Borrowed(text) };
    let inner = &text[quote.len_utf8()..];
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    let doubled = [quote, quote].iter().collect::<String>();
    if inner.contains(&doubled) {
        Cow::Owned(inner.replace(&doubled, &quote.to_string()))
    } else {
        Cow::Borrowed(inner)
    }
}

#[cfg(test)]
mod tests;

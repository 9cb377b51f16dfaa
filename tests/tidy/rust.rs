//! As much of Rust's grammar as the rules need: tokens, and the paths that code names.
//!
//! Comments and the content of literals are no code and are dropped. Macros are read as the tokens
//! they are given, so a path in `vec![crate::a::b()]` counts.

/// A token of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    /// The text; of a literal only its beginning.
    pub(crate) text: &'a str,
    /// 1-based line.
    pub(crate) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or keyword.
    Name,
    /// A number, string, character or lifetime.
    Literal,
    /// `::` or any other single character.
    Sign,
}

impl Token<'_> {
    pub(crate) fn is_name(&self, text: &str) -> bool {
        self.kind == Kind::Name && self.text == text
    }

    pub(crate) fn is_sign(&self, text: &str) -> bool {
        self.kind == Kind::Sign && self.text == text
    }
}

/// The tokens of `text`.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (kind, shown, length) = read(rest, first);
        if let Some(kind) = kind {
            tokens.push(Token { kind, text: &rest[..shown], line });
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

/// The kind of what `rest` begins with, none for blanks; bytes of it to keep; bytes of it.
fn read(rest: &str, first: char) -> (Option<Kind>, usize, usize) {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let run = |from: usize, part: &dyn Fn(char) -> bool| {
        rest[from..].find(|c| !part(c)).map_or(rest.len(), |at| from + at)
    };
    if first.is_whitespace() {
        return (None, 0, run(0, &char::is_whitespace));
    }
    if rest.starts_with("//") {
        return (None, 0, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (None, 0, block_comment(rest));
    }
    if let Some(length) = raw_string(rest) {
        return (Some(Kind::Literal), 1, length);
    }
    if first == '"' {
        return (Some(Kind::Literal), 1, 1 + escaped(&rest[1..], '"'));
    }
    if first == '\'' {
        return (Some(Kind::Literal), 1, quote(rest, &is_part));
    }
    if first.is_numeric() {
        let end = run(0, &is_part);
        return (Some(Kind::Literal), end, end);
    }
    if is_part(first) {
        let from = if rest.starts_with("r#") { 2 } else { 0 };
        let end = run(from, &is_part);
        return (Some(Kind::Name), end, end);
    }
    let length = if rest.starts_with("::") { 2 } else { first.len_utf8() };
    (Some(Kind::Sign), length, length)
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length of the raw string that `rest` begins with, if it does.
fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|behind| behind.starts_with(['#', '"']))
    })?;
    let behind = &rest[prefix.len()..];
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    let content = behind[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = content.find(&end).map_or(content.len(), |at| at + end.len());
    Some(prefix.len() + hashes + 1 + length)
}

/// Length of what is left of a literal up to `end`, which a backslash escapes.
fn escaped(content: &str, end: char) -> usize {
    let mut characters = content.char_indices();
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if c == end {
            return at + c.len_utf8();
        }
    }
    content.len()
}

/// Length of the character or lifetime that `rest` begins with.
fn quote(rest: &str, is_part: &dyn Fn(char) -> bool) -> usize {
    let mut behind = rest[1..].chars();
    match (behind.next(), behind.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => 1 + escaped(&rest[1..], '\''),
        _ => rest[1..].find(|c| !is_part(c)).map_or(rest.len(), |at| at + 1),
    }
}

/// A path that code names: `crate::spi::Connector`, `tokio::spawn`, `super::super::x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    /// The modules written in the file itself around it, outermost first.
    pub(crate) scope: Vec<String>,
    /// 1-based line.
    pub(crate) line: usize,
}

/// Every path of two segments or more, and every path of a `use`, with groups taken apart; `*` is a
/// segment. `::tokio::x` is the same as `tokio::x`.
pub(crate) fn paths(text: &str) -> Vec<Path> {
    let tokens = tokens(text);
    let mut reader = Reader { tokens: &tokens, at: 0, scope: Vec::new(), paths: Vec::new() };
    while reader.at < tokens.len() {
        reader.step();
    }
    reader.paths
}

struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    /// One entry for each open brace: the module it opens, if it does.
    scope: Vec<Option<&'a str>>,
    paths: Vec<Path>,
}

impl<'a> Reader<'_, 'a> {
    fn peek(&self, ahead: usize) -> Option<Token<'a>> {
        self.tokens.get(self.at + ahead).copied()
    }

    fn step(&mut self) {
        let Some(token) = self.peek(0) else { return };
        let before = self.at.checked_sub(1).map(|before| self.tokens[before]);
        let next = self.peek(1);
        let next_is = |sign| next.is_some_and(|next| next.is_sign(sign));
        // `impl Trait + use<'a>` imports nothing.
        if token.is_name("use") && !next_is("<") {
            self.at += 1;
            self.tree(&[]);
        } else if token.is_sign("{") {
            let named = self.at.checked_sub(2).map(|mod_at| self.tokens[mod_at]);
            let is_module = named.is_some_and(|named| named.is_name("mod"));
            self.scope.push(before.filter(|_| is_module).map(|name| name.text));
            self.at += 1;
        } else if token.is_sign("}") {
            self.scope.pop();
            self.at += 1;
        } else if token.kind == Kind::Name && next_is("::") && !self.continues() {
            self.inline();
        } else {
            self.at += 1;
        }
    }

    /// Whether the name here follows a `::` that belongs to something before it, as in `Vec::<T>::new`.
    fn continues(&self) -> bool {
        let before = |back| self.at.checked_sub(back).map(|at| self.tokens[at]);
        let owner = before(2).is_some_and(|it| it.kind == Kind::Name || it.is_sign(">"));
        before(1).is_some_and(|it| it.is_sign("::")) && owner
    }

    fn push(&mut self, segments: Vec<&str>, line: usize) {
        let scope = self.scope.iter().flatten().map(|name| (*name).to_owned()).collect();
        let segments = segments.into_iter().map(str::to_owned).collect();
        self.paths.push(Path { segments, scope, line });
    }

    fn inline(&mut self) {
        let mut segments = Vec::new();
        let line = self.tokens[self.at].line;
        while let Some(token) = self.peek(0).filter(|token| token.kind == Kind::Name) {
            segments.push(token.text);
            self.at += 1;
            let goes_on = self.peek(0).is_some_and(|sign| sign.is_sign("::"))
                && self.peek(1).is_some_and(|name| name.kind == Kind::Name);
            if !goes_on {
                break;
            }
            self.at += 1;
        }
        if segments.len() > 1 {
            self.push(segments, line);
        }
    }

    /// Reads a tree of a `use`, in which `prefix` stands before everything.
    fn tree(&mut self, prefix: &[&'a str]) {
        let mut segments = prefix.to_vec();
        while let Some(token) = self.peek(0) {
            self.at += 1;
            if token.is_sign("::") {
                continue;
            }
            if token.is_sign("{") {
                while self.peek(0).is_some_and(|token| !token.is_sign("}")) {
                    self.tree(&segments);
                    if self.peek(0).is_some_and(|token| token.is_sign(",")) {
                        self.at += 1;
                    }
                }
                self.at += 1;
                return;
            }
            segments.push(token.text);
            if self.peek(0).is_none_or(|next| !next.is_sign("::")) {
                if self.peek(0).is_some_and(|next| next.is_name("as")) {
                    self.at += 2;
                }
                self.push(segments, token.line);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        paths(text).into_iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn groups_of_a_use_are_taken_apart() {
        assert_eq!(
            named(
                "pub(crate) use crate::{a, b::{self, c as d, e::*,},\n f}; use ::tokio; use x as _;"
            ),
            [
                "crate::a",
                "crate::b::self",
                "crate::b::c",
                "crate::b::e::*",
                "crate::f",
                "tokio",
                "x"
            ]
        );
    }

    #[test]
    fn paths_in_code_are_found_where_they_stand() {
        let text = "fn f(x: &crate::spi::X<tokio::T>) -> impl Y + use<'_> {\n\
                    \x20   vec![::datafusion::a()]; Vec::<u8>::new(); <T as super::Z>::w::v()\n}";
        assert_eq!(named(text), ["crate::spi::X", "tokio::T", "datafusion::a", "super::Z"]);
        assert_eq!(paths(text)[2].line, 2);
    }

    #[test]
    fn comments_and_literals_name_nothing() {
        for text in [
            "// use crate::a;\n/// [`crate::a::b`]\n//! crate::a",
            "/* use crate::a; /* nested */ crate::b */",
            "\"crate::a \\\" crate::b\"",
            "r#\"crate::a \" crate::b\"# br\"crate::c\"",
            "'\"'; '\\''; b'\"'; // crate::a\n",
        ] {
            assert_eq!(named(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(named("let x: &'a str = '\"'; crate::a::b"), ["crate::a::b"]);
        assert_eq!(named("fn f<'a>(c: char) { c == '日'; crate::a::b }"), ["crate::a::b"]);
    }

    #[test]
    fn a_path_knows_the_modules_around_it() {
        let text =
            "mod tests { mod deep { fn f() { super::x::y(); } } use super::*; } use super::z;";
        let scopes: Vec<_> = paths(text).into_iter().map(|path| path.scope.join("::")).collect();
        assert_eq!(scopes, ["tests::deep", "tests", ""]);
    }

    #[test]
    fn lines_are_counted_through_comments_and_strings() {
        let text = "/* a\n */ \"b\n\n\" crate::a::b";
        assert_eq!(paths(text)[0].line, 4);
    }
}

//! Statements that are ours, or that DataFusion parses and then refuses: read from the tokens.
//!
//! `SHOW`, `USE`, `SUMMARIZE`, `EXPLAIN ESTIMATE`, `CHECK`, `CLEAN`, `INFER`, `REFRESH`, `KILL`,
//! `COPY`, `SET` and `RESET`. Everything else is left to the parser.

mod copy;

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::catalog::{NamePart, ObjectName};
use crate::error::{Error, Position, Result};
use crate::spi::WriteOptions;

/// What a statement looks at.
#[derive(Clone, Debug)]
pub(super) enum Looked {
    Table(ObjectName),
    /// `'path/*.parquet'`, as in `FROM`.
    Path(String),
}

/// A statement of ours.
#[derive(Clone, Debug)]
pub(super) enum Own {
    ShowCatalogs {
        like: Option<String>,
    },
    ShowSchemas {
        catalog: Option<NamePart>,
        like: Option<String>,
    },
    /// Those of every catalog, as DuckDB has it.
    ShowAllTables {
        like: Option<String>,
    },
    ShowTables {
        from: Option<ObjectName>,
        like: Option<String>,
    },
    ShowColumns {
        table: Looked,
    },
    ShowFunctions {
        like: Option<String>,
    },
    ShowCreate {
        name: ObjectName,
    },
    ShowSettings {
        like: Option<String>,
    },
    ShowSetting {
        name: String,
    },
    ShowReceipt {
        id: Option<String>,
    },
    ShowReadPoint {
        id: Option<String>,
    },
    DescribeQuery {
        query: Vec<TokenWithSpan>,
    },
    Describe {
        table: Looked,
    },
    /// A table, or the tokens of a query.
    Summarize {
        table: Option<Looked>,
        query: Vec<TokenWithSpan>,
    },
    ExplainEstimate {
        statement: Vec<TokenWithSpan>,
    },
    Use {
        parts: Vec<NamePart>,
    },
    Set {
        name: String,
        value: String,
    },
    Reset {
        name: String,
    },
    CheckCatalog {
        catalog: Option<NamePart>,
    },
    InferTable {
        table: ObjectName,
    },
    Refresh {
        catalog: Option<NamePart>,
    },
    Kill {
        id: String,
    },
    /// The tokens of a query, and where its rows go.
    Copy {
        query: Vec<TokenWithSpan>,
        target: String,
        options: WriteOptions,
    },
    /// The tokens of a CREATE TABLE without its PARTITIONED BY, and the columns of that.
    CreatePartitioned {
        statement: Vec<TokenWithSpan>,
        partitioned_by: Vec<String>,
    },
    CleanCatalog {
        catalog: NamePart,
        older_than: Option<String>,
    },
    Deallocate {
        name: Option<String>,
    },
}

impl Own {
    /// Whether it opens tables, so that a read point decides what it sees.
    pub(super) fn opens_tables(&self) -> bool {
        matches!(
            self,
            Self::Summarize { .. }
                | Self::ExplainEstimate { .. }
                | Self::Describe { .. }
                | Self::DescribeQuery { .. }
                | Self::ShowColumns { .. }
                | Self::ShowCreate { .. }
        )
    }
}

/// Reads a statement of ours; `None` for any other. White space is not among `tokens`.
///
/// # Errors
/// `Sql` when it begins as one of ours and goes on as none.
pub(super) fn parse(tokens: &[TokenWithSpan]) -> Result<Option<Own>> {
    let mut words = Words { tokens, at: 0 };
    let own = match words.keyword().as_deref() {
        Some("SHOW") => show(&mut words)?,
        Some("USE") => Own::Use { parts: words.name()?.parts },
        Some("DESCRIBE" | "DESC") => {
            if words.is_any(&["SELECT", "WITH", "VALUES", "FROM"]) || words.peek() == &Token::LParen
            {
                return Ok(Some(Own::DescribeQuery { query: words.rest() }));
            }
            words.skip("TABLE");
            Own::Describe { table: words.looked()? }
        }
        Some("SUMMARIZE") => {
            if words.is_any(&["SELECT", "WITH", "VALUES", "FROM"]) || words.peek() == &Token::LParen
            {
                return Ok(Some(Own::Summarize { table: None, query: words.rest() }));
            }
            Own::Summarize { table: Some(words.looked()?), query: vec![] }
        }
        Some("EXPLAIN") if words.skip("ESTIMATE") => {
            return Ok(Some(Own::ExplainEstimate { statement: words.rest() }));
        }
        Some("SET") => set(&mut words)?,
        Some("RESET") => Own::Reset { name: words.setting()? },
        Some("CHECK") if words.skip("CATALOG") => {
            Own::CheckCatalog { catalog: words.optional_part()? }
        }
        Some("INFER") if words.skip("TABLE") => Own::InferTable { table: words.name()? },
        Some("REFRESH") => {
            words.skip("CATALOG");
            Own::Refresh { catalog: words.optional_part()? }
        }
        Some("COPY") => copy::copy(&mut words)?,
        Some("CREATE") => return copy::create_partitioned(&mut words),
        Some("CLEAN") => {
            words.skip("CATALOG");
            let catalog = words.part()?;
            let older_than = if words.skip("OLDER") {
                if !words.skip("THAN") {
                    return Err(words.expected("THAN"));
                }
                Some(words.text()?)
            } else {
                None
            };
            Own::CleanCatalog { catalog, older_than }
        }
        Some("KILL") => Own::Kill { id: words.text()? },
        Some("DEALLOCATE") => {
            words.skip("PREPARE");
            let name = words.name()?.parts.pop().map(|part| part.text);
            Own::Deallocate { name: name.filter(|name| !name.eq_ignore_ascii_case("all")) }
        }
        _ => return Ok(None),
    };
    words.end()?;
    Ok(Some(own))
}

fn show(words: &mut Words<'_>) -> Result<Own> {
    let start = words.at;
    Ok(match words.keyword().as_deref() {
        Some("CATALOGS") => Own::ShowCatalogs { like: words.like()? },
        Some("SCHEMAS" | "DATABASES") => {
            let catalog =
                if words.skip("FROM") || words.skip("IN") { words.optional_part()? } else { None };
            Own::ShowSchemas { catalog, like: words.like()? }
        }
        Some("TABLES") => {
            let from =
                if words.skip("FROM") || words.skip("IN") { Some(words.name()?) } else { None };
            Own::ShowTables { from, like: words.like()? }
        }
        Some("COLUMNS") => {
            if !words.skip("FROM") && !words.skip("IN") {
                return Err(words.expected("FROM and a table"));
            }
            Own::ShowColumns { table: words.looked()? }
        }
        Some("FUNCTIONS") => Own::ShowFunctions { like: words.like()? },
        Some("CREATE") => {
            if !words.skip("TABLE") && !words.skip("VIEW") {
                return Err(words.expected("TABLE or VIEW"));
            }
            Own::ShowCreate { name: words.name()? }
        }
        Some("ALL") if words.skip("TABLES") => Own::ShowAllTables { like: words.like()? },
        Some("SETTINGS" | "ALL" | "SESSION") => Own::ShowSettings { like: words.like()? },
        Some("RECEIPT") => Own::ShowReceipt { id: words.optional_text()? },
        Some("READ") if words.skip("POINT") => Own::ShowReadPoint { id: words.optional_text()? },
        _ => {
            words.at = start;
            Own::ShowSetting { name: words.setting()? }
        }
    })
}

fn set(words: &mut Words<'_>) -> Result<Own> {
    words.skip("SESSION");
    let name = words.setting()?;
    if name != "time zone" && !words.skip_token(&Token::Eq) && !words.skip("TO") {
        return Err(words.expected("= and a value"));
    }
    let mut value = String::new();
    loop {
        match words.peek() {
            Token::EOF | Token::SemiColon => break,
            Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => {
                value.push_str(text);
            }
            other => value.push_str(&other.to_string()),
        }
        words.at += 1;
    }
    if value.is_empty() {
        return Err(words.expected("a value"));
    }
    Ok(Own::Set { name, value })
}

/// A cursor over the tokens of a statement.
struct Words<'a> {
    tokens: &'a [TokenWithSpan],
    at: usize,
}

impl Words<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::EOF, |token| &token.token)
    }

    /// The next unquoted word in capitals.
    fn keyword(&mut self) -> Option<String> {
        let Token::Word(word) = self.peek() else { return None };
        let word = word.quote_style.is_none().then(|| word.value.to_ascii_uppercase());
        self.at += usize::from(word.is_some());
        word
    }

    fn is_any(&self, keywords: &[&str]) -> bool {
        match self.peek() {
            Token::Word(word) => {
                word.quote_style.is_none()
                    && keywords.iter().any(|keyword| word.value.eq_ignore_ascii_case(keyword))
            }
            _ => false,
        }
    }

    fn skip(&mut self, keyword: &str) -> bool {
        let found = self.is_any(&[keyword]);
        self.at += usize::from(found);
        found
    }

    fn skip_token(&mut self, token: &Token) -> bool {
        let found = self.peek() == token;
        self.at += usize::from(found);
        found
    }

    fn is_end(&self) -> bool {
        matches!(self.peek(), Token::EOF | Token::SemiColon)
    }

    fn rest(&self) -> Vec<TokenWithSpan> {
        self.tokens.get(self.at..).unwrap_or_default().to_vec()
    }

    fn part(&mut self) -> Result<NamePart> {
        let part = match self.peek() {
            Token::Word(word) => {
                NamePart { text: word.value.clone(), quoted: word.quote_style.is_some() }
            }
            Token::SingleQuotedString(text) => NamePart::quoted(text.clone()),
            _ => return Err(self.expected("a name")),
        };
        self.at += 1;
        Ok(part)
    }

    fn optional_part(&mut self) -> Result<Option<NamePart>> {
        if self.is_end() { Ok(None) } else { self.part().map(Some) }
    }

    fn name(&mut self) -> Result<ObjectName> {
        let position = self.position();
        let mut parts = vec![self.part()?];
        while self.skip_token(&Token::Period) {
            parts.push(self.part()?);
        }
        Ok(ObjectName { parts, position })
    }

    fn looked(&mut self) -> Result<Looked> {
        let Token::SingleQuotedString(path) = self.peek().clone() else {
            return self.name().map(Looked::Table);
        };
        self.at += 1;
        Ok(Looked::Path(path))
    }

    /// A setting's name: words joined by dots, or `TIME ZONE`.
    fn setting(&mut self) -> Result<String> {
        if self.skip("TIME") {
            return if self.skip("ZONE") {
                Ok("time zone".to_owned())
            } else {
                Err(self.expected("ZONE"))
            };
        }
        let parts = self.name()?.parts;
        Ok(parts.into_iter().map(|part| part.text).collect::<Vec<_>>().join("."))
    }

    fn text(&mut self) -> Result<String> {
        match self.peek().clone() {
            Token::SingleQuotedString(text) => {
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.expected("a text in single quotes")),
        }
    }

    fn optional_text(&mut self) -> Result<Option<String>> {
        if self.is_end() { Ok(None) } else { self.text().map(Some) }
    }

    fn like(&mut self) -> Result<Option<String>> {
        if self.skip("LIKE") { self.text().map(Some) } else { Ok(None) }
    }

    fn end(&mut self) -> Result<()> {
        self.skip_token(&Token::SemiColon);
        match self.peek() {
            Token::EOF => Ok(()),
            _ => Err(self.expected("the end of the statement")),
        }
    }

    fn position(&self) -> Option<Position> {
        let token = self.tokens.get(self.at)?;
        let at = token.span.start;
        (at.line > 0).then_some(Position { line: at.line, column: at.column })
    }

    fn expected(&self, what: &str) -> Error {
        let found = match self.peek() {
            Token::EOF => "the statement ends".to_owned(),
            token => format!("found `{token}`"),
        };
        let error = Error::sql(format!("syntax error: expected {what}, and {found}"));
        match self.position() {
            Some(at) => error.at(at),
            None => error,
        }
    }
}

//! `COPY … TO`, in DataFusion's spelling and in DuckDB's, and what `CREATE TABLE` says of
//! partitions: neither parser takes both, so the clauses are read from the tokens.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Own, Words};
use crate::error::{Error, Result};
use crate::spi::WriteOptions;

/// `COPY {table | 'path' | (query)} TO 'path'` and its clauses.
pub(super) fn copy(words: &mut Words<'_>) -> Result<Own> {
    let query = source(words)?;
    if words.is_any(&["FROM"]) {
        return Err(Error::unsupported("COPY … FROM is not supported")
            .with_hint("INSERT INTO table SELECT * FROM 'path' reads files into a table"));
    }
    if !words.skip("TO") {
        return Err(words.expected("TO and a path"));
    }
    let target = words.text()?;
    let mut options = WriteOptions::default();
    loop {
        if words.skip("STORED") {
            if !words.skip("AS") {
                return Err(words.expected("AS and a format"));
            }
            options.format = Some(words.part()?.text);
        } else if words.skip("PARTITIONED") {
            if !words.skip("BY") {
                return Err(words.expected("BY and columns"));
            }
            options.partitioned_by = names(words)?;
        } else if words.skip("OPTIONS") || words.skip("WITH") || words.peek() == &Token::LParen {
            list(words, &mut options)?;
        } else {
            return Ok(Own::Copy { query, target, options });
        }
    }
}

/// The tokens of the query: what stands in parentheses, or all of a table.
fn source(words: &mut Words<'_>) -> Result<Vec<TokenWithSpan>> {
    let start = words.at;
    if words.peek() == &Token::LParen {
        skip_parentheses(words)?;
        let inner = words.tokens.get(start + 1..words.at - 1);
        return Ok(inner.unwrap_or_default().to_vec());
    }
    words.name()?;
    let name = words.tokens.get(start..words.at).unwrap_or_default();
    let keywords = ["SELECT", "*", "FROM"].map(|keyword| match keyword {
        "*" => Token::Mul,
        other => Token::make_keyword(other),
    });
    Ok(keywords.into_iter().map(TokenWithSpan::wrap).chain(name.iter().cloned()).collect())
}

fn skip_parentheses(words: &mut Words<'_>) -> Result<()> {
    let mut depth = 0_usize;
    loop {
        match words.peek() {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            Token::EOF => return Err(words.expected("`)`")),
            _ => {}
        }
        words.at += 1;
        if depth == 0 {
            return Ok(());
        }
    }
}

/// `(a, b)`, or one name.
fn names(words: &mut Words<'_>) -> Result<Vec<String>> {
    if !words.skip_token(&Token::LParen) {
        return Ok(vec![words.part()?.text]);
    }
    let mut names = vec![words.part()?.text];
    while words.skip_token(&Token::Comma) {
        names.push(words.part()?.text);
    }
    if !words.skip_token(&Token::RParen) {
        return Err(words.expected("`)`"));
    }
    Ok(names)
}

/// `(key value, key = value, 'key' 'value', key)`.
fn list(words: &mut Words<'_>, options: &mut WriteOptions) -> Result<()> {
    if !words.skip_token(&Token::LParen) {
        return Err(words.expected("`(`"));
    }
    loop {
        let mut key = words.part()?.text.to_ascii_lowercase();
        while words.skip_token(&Token::Period) {
            key = format!("{key}.{}", words.part()?.text.to_ascii_lowercase());
        }
        words.skip_token(&Token::Eq);
        match key.as_str() {
            "partition_by" => options.partitioned_by = names(words)?,
            "format" => options.format = Some(words.part()?.text),
            _ => {
                if options.options.iter().any(|(known, _)| *known == key) {
                    return Err(Error::sql(format!("option {key} is given twice")));
                }
                let value = value(words)?;
                options.options.push((key, value));
            }
        }
        if words.skip_token(&Token::RParen) {
            return Ok(());
        }
        if !words.skip_token(&Token::Comma) {
            return Err(words.expected("`,` or `)`"));
        }
    }
}

/// A value as text; empty where the key stands alone.
fn value(words: &mut Words<'_>) -> Result<String> {
    let text = match words.peek() {
        Token::Comma | Token::RParen => return Ok(String::new()),
        Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => text.clone(),
        Token::Word(word) => word.value.clone(),
        Token::Number(text, _) => text.clone(),
        _ => return Err(words.expected("a value")),
    };
    words.at += 1;
    Ok(text)
}

/// `CREATE TABLE … PARTITIONED BY (columns) … AS SELECT`; `None` for any other CREATE.
pub(super) fn create_partitioned(words: &mut Words<'_>) -> Result<Option<Own>> {
    if words.skip("OR") && !words.skip("REPLACE") {
        return Ok(None);
    }
    if !words.skip("TABLE") {
        return Ok(None);
    }
    while !words.is_end() && !words.is_any(&["AS", "PARTITIONED"]) {
        if words.peek() == &Token::LParen {
            skip_parentheses(words)?;
        } else {
            words.at += 1;
        }
    }
    let start = words.at;
    if !words.skip("PARTITIONED") {
        return Ok(None);
    }
    if !words.skip("BY") {
        return Err(words.expected("BY and columns"));
    }
    let partitioned_by = names(words)?;
    let mut statement = words.tokens.get(..start).unwrap_or_default().to_vec();
    statement.extend(words.rest());
    Ok(Some(Own::CreatePartitioned { statement, partitioned_by }))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use crate::engine::run::tokenize;

    fn copied(sql: &str) -> (String, String, WriteOptions) {
        match parse(&tokenize(sql).unwrap()).unwrap() {
            Some(Own::Copy { query, target, options }) => {
                let query: Vec<_> = query.iter().map(ToString::to_string).collect();
                (query.join(" "), target, options)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_spellings_say_the_same() {
        let wanted = WriteOptions {
            format: Some("parquet".to_owned()),
            partitioned_by: vec!["a".to_owned(), "b".to_owned()],
            options: vec![("compression".to_owned(), "zstd".to_owned())],
        };
        for sql in [
            "copy (select 1) to 'f' stored as parquet partitioned by (a, b) options (compression 'zstd')",
            "COPY (select 1) TO 'f' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (a, b));",
            "COPY (select 1) TO 'f' WITH (FORMAT 'parquet', COMPRESSION = zstd, PARTITION_BY (a, b))",
        ] {
            assert_eq!(
                copied(sql),
                ("select 1".to_owned(), "f".to_owned(), wanted.clone()),
                "{sql}"
            );
        }
    }

    #[test]
    fn a_table_is_all_of_it_and_a_key_may_stand_alone() {
        let (query, target, options) = copied("copy a.\"B\" to 'x.csv' (header, overwrite false)");
        assert_eq!((query.as_str(), target.as_str()), ("SELECT * FROM a . \"B\"", "x.csv"));
        let given: Vec<_> = options.options.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(given, [("header", ""), ("overwrite", "false")]);
    }

    #[test]
    fn partitions_are_taken_out_of_a_create_table() {
        let tokens = tokenize("create table c.s.t partitioned by (day) as select 1 as a").unwrap();
        match parse(&tokens).unwrap() {
            Some(Own::CreatePartitioned { statement, partitioned_by }) => {
                let text: Vec<_> = statement.iter().map(ToString::to_string).collect();
                assert_eq!(text.join(" "), "create table c . s . t as select 1 as a");
                assert_eq!(partitioned_by, ["day"]);
            }
            other => panic!("{other:?}"),
        }
        for sql in [
            "create table t as select 1",
            "create view v as select 1",
            "create external table t stored as csv location 'x'",
        ] {
            assert!(parse(&tokenize(sql).unwrap()).unwrap().is_none(), "{sql}");
        }
    }
}

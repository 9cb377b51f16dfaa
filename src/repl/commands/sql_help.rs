//! `\h`: how statements are written.

use super::{Argument, Command, Failed, Flow};
use crate::error::Error;
use crate::repl::shell::Shell;

/// How statements are written.
pub(super) struct SqlHelp;

impl Command for SqlHelp {
    fn names(&self) -> &'static [&'static str] {
        &["h"]
    }

    fn usage(&self) -> &'static str {
        "\\h [STATEMENT]"
    }

    fn about(&self) -> &'static str {
        "how statements are written"
    }

    fn example(&self) -> &'static str {
        "\\h copy"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["SELECT", "COPY", "CREATE", "INSERT", "SHOW", "EXPLAIN", "SET"])]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let wanted = arguments.trim_end_matches(';').to_ascii_uppercase();
        let known = SYNTAX.iter().filter(|line| line.starts_with(&wanted));
        let lines: Vec<&str> = known.copied().collect();
        if lines.is_empty() {
            let error = Error::sql(format!("there is no help for {arguments}"));
            return Err(error.with_hint("\\h lists the statements, \\? the commands").into());
        }
        lines.iter().try_for_each(|line| shell.say(line))?;
        Ok(Flow::Continue)
    }
}

/// The statements, one line each.
const SYNTAX: &[&str] = &[
    "CHECK CATALOG [name]",
    "CLEAN CATALOG name [OLDER THAN '1day']",
    "COPY (query) or table TO 'path' [(FORMAT …, COMPRESSION …, PARTITION_BY (…), OVERWRITE)]",
    "CREATE [OR REPLACE] VIEW name AS query",
    "CREATE TABLE name [PARTITIONED BY (columns)] AS query",
    "CREATE EXTERNAL TABLE name STORED AS format LOCATION 'path'",
    "DEALLOCATE name",
    "DESCRIBE table",
    "DROP VIEW or TABLE [IF EXISTS] name",
    "EXECUTE name(value, …)",
    "EXPLAIN [ANALYZE] [ESTIMATE] query",
    "INFER TABLE name",
    "INSERT INTO table [(columns)] query",
    "PREPARE name AS query",
    "REFRESH [CATALOG name]",
    "RESET setting or ALL",
    "SELECT … FROM … [WHERE …] [GROUP BY …] [HAVING …] [QUALIFY …] [ORDER BY …] [LIMIT …]",
    "SET setting = value",
    "SHOW CATALOGS, SCHEMAS [FROM catalog], [ALL] TABLES [FROM schema] [LIKE 'pattern']",
    "SHOW COLUMNS FROM table, FUNCTIONS, SETTINGS, CREATE TABLE name, RECEIPT, READ POINT",
    "SUMMARIZE table or query",
    "USE [catalog.]schema",
    "WITH name AS (query) SELECT …",
];

//! The synonyms: names of DuckDB, Trino, PostgreSQL, Spark and Hive, each with what it means here.

use datafusion::sql::sqlparser::ast::Expr;

/// Functions that only have another name here.
pub(super) const RENAMED: &[(&str, &str)] = &[
    ("approx_count_distinct", "approx_distinct"),
    ("approx_percentile", "approx_percentile_cont"),
    ("approx_quantile", "approx_percentile_cont"),
    ("arbitrary", "any_value"),
    ("array_size", "cardinality"),
    ("ceiling", "ceil"),
    ("endswith", "ends_with"),
    ("every", "bool_and"),
    ("gen_random_uuid", "uuid"),
    ("json_array_length", "json_length"),
    ("lcase", "lower"),
    ("levenshtein_distance", "levenshtein"),
    ("list", "array_agg"),
    ("listagg", "string_agg"),
    ("regexp_matches", "regexp_like"),
    ("rlike", "regexp_like"),
    ("sequence", "generate_series"),
    ("size", "cardinality"),
    ("split", "string_to_array"),
    ("startswith", "starts_with"),
    ("str_split", "string_to_array"),
    ("strftime", "to_char"),
    ("string_split", "string_to_array"),
    ("strlen", "octet_length"),
    ("struct_extract", "get_field"),
    ("truncate", "trunc"),
    ("ucase", "upper"),
    ("unix_timestamp", "to_unixtime"),
    ("variance", "var_samp"),
];

/// A function that is something else here.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: &'static str,
    pub(super) arguments: &'static [&'static str],
    /// What it means, over `$1`, `$2`, …
    pub(super) meaning: &'static str,
}

impl Written {
    /// Whether this is the function of a call.
    pub(super) fn is(&self, name: &str, arguments: &[Expr]) -> bool {
        self.name == name && self.arguments.len() == arguments.len()
    }
}

const fn written(
    name: &'static str,
    arguments: &'static [&'static str],
    meaning: &'static str,
) -> Written {
    Written { name, arguments, meaning }
}

const LARGEST: &str = "first_value($1 ORDER BY $2 DESC NULLS LAST) FILTER (WHERE $2 IS NOT NULL)";
const SMALLEST: &str = "first_value($1 ORDER BY $2 ASC NULLS LAST) FILTER (WHERE $2 IS NOT NULL)";
const FOUND: &str = "(regexp_match($1, '(' || $2 || ')'))[1]";

/// The functions that are something else here.
pub(super) const WRITTEN: &[Written] = &[
    // Aggregates.
    written("arg_max", &["value", "of"], LARGEST),
    written("argmax", &["value", "of"], LARGEST),
    written("max_by", &["value", "of"], LARGEST),
    written("arg_min", &["value", "of"], SMALLEST),
    written("argmin", &["value", "of"], SMALLEST),
    written("min_by", &["value", "of"], SMALLEST),
    written("count_if", &["condition"], "count(*) FILTER (WHERE $1)"),
    written("countif", &["condition"], "count(*) FILTER (WHERE $1)"),
    written("collect_list", &["value"], "array_agg($1) FILTER (WHERE $1 IS NOT NULL)"),
    written("collect_set", &["value"], "array_agg(DISTINCT $1) FILTER (WHERE $1 IS NOT NULL)"),
    written("group_concat", &["text"], "string_agg($1, ',')"),
    written("group_concat", &["text", "separator"], "string_agg($1, $2)"),
    written("string_agg", &["text"], "string_agg($1, ',')"),
    written("wm_concat", &["separator", "text"], "string_agg($2, $1)"),
    written("first", &["value"], "first_value($1)"),
    written("last", &["value"], "last_value($1)"),
    written("geomean", &["value"], "exp(avg(ln($1)))"),
    written("geometric_mean", &["value"], "exp(avg(ln($1)))"),
    // Conditions.
    written("if", &["condition", "then"], "CASE WHEN $1 THEN $2 END"),
    written("if", &["condition", "then", "else"], "CASE WHEN $1 THEN $2 ELSE $3 END"),
    written("iff", &["condition", "then", "else"], "CASE WHEN $1 THEN $2 ELSE $3 END"),
    written("iif", &["condition", "then", "else"], "CASE WHEN $1 THEN $2 ELSE $3 END"),
    written("isnull", &["value"], "($1 IS NULL)"),
    written("zeroifnull", &["value"], "coalesce($1, 0)"),
    written("mod", &["number", "by"], "($1 % $2)"),
    written(
        "sign",
        &["number"],
        "CASE WHEN $1 > 0 THEN 1 WHEN $1 < 0 THEN -1 WHEN $1 = 0 THEN 0 END",
    ),
    // Texts. Nothing found is NULL, as in Trino and PostgreSQL.
    written("regexp_extract", &["text", "pattern"], FOUND),
    written("regexp_substr", &["text", "pattern"], FOUND),
    written(
        "regexp_extract",
        &["text", "pattern", "group"],
        "(regexp_match($1, '(' || $2 || ')'))[$3 + 1]",
    ),
    written("space", &["count"], "repeat(' ', $1)"),
    written("to_base64", &["bytes"], "encode($1, 'base64')"),
    written("from_base64", &["text"], "decode($1, 'base64')"),
    // Dates and times.
    written("date", &["value"], "CAST($1 AS DATE)"),
    written("year", &["time"], "CAST(date_part('year', $1) AS BIGINT)"),
    written("quarter", &["time"], "CAST(date_part('quarter', $1) AS BIGINT)"),
    written("month", &["time"], "CAST(date_part('month', $1) AS BIGINT)"),
    written("week", &["time"], "CAST(date_part('week', $1) AS BIGINT)"),
    written("weekofyear", &["time"], "CAST(date_part('week', $1) AS BIGINT)"),
    written("week_of_year", &["time"], "CAST(date_part('week', $1) AS BIGINT)"),
    written("day", &["time"], "CAST(date_part('day', $1) AS BIGINT)"),
    written("dayofmonth", &["time"], "CAST(date_part('day', $1) AS BIGINT)"),
    written("day_of_month", &["time"], "CAST(date_part('day', $1) AS BIGINT)"),
    written("dayofyear", &["time"], "CAST(date_part('doy', $1) AS BIGINT)"),
    written("day_of_year", &["time"], "CAST(date_part('doy', $1) AS BIGINT)"),
    // Monday is 1. `dayofweek` begins on another day in each database, and is none of ours.
    written("isodow", &["time"], "CAST(date_part('isodow', $1) AS BIGINT)"),
    written("day_of_week", &["time"], "CAST(date_part('isodow', $1) AS BIGINT)"),
    written("hour", &["time"], "CAST(date_part('hour', $1) AS BIGINT)"),
    written("minute", &["time"], "CAST(date_part('minute', $1) AS BIGINT)"),
    written("second", &["time"], "CAST(date_part('second', $1) AS BIGINT)"),
    written("monthname", &["time"], "to_char($1, '%B')"),
    written("dayname", &["time"], "to_char($1, '%A')"),
    written("epoch", &["time"], "date_part('epoch', $1)"),
    written(
        "epoch_ms",
        &["time"],
        "CAST(arrow_cast($1, 'Timestamp(Millisecond, None)') AS BIGINT)",
    ),
    written(
        "epoch_us",
        &["time"],
        "CAST(arrow_cast($1, 'Timestamp(Microsecond, None)') AS BIGINT)",
    ),
    written("epoch_ns", &["time"], "CAST(arrow_cast($1, 'Timestamp(Nanosecond, None)') AS BIGINT)"),
    written(
        "last_day",
        &["time"],
        "CAST(date_trunc('month', CAST($1 AS DATE)) + INTERVAL '1 month' - INTERVAL '1 day' AS DATE)",
    ),
    written("strptime", &["text", "pattern"], "CAST(to_timestamp($1, $2) AS TIMESTAMP)"),
    written("getdate", &[], "now()"),
    written("timezone", &["zone", "time"], "($2 AT TIME ZONE $1)"),
    written("at_timezone", &["time", "zone"], "($1 AT TIME ZONE $2)"),
];

/// Those with a unit or a path in their arguments, each with what it does.
const READ: &[(&str, &str, &str)] = &[
    ("date_add", "date_add('unit', count, time)", "the time so many units later"),
    ("date_diff", "date_diff('unit', from, to)", "the boundaries of units between two times"),
    ("datediff", "datediff(to, from)", "the days between two dates"),
    ("date_format", "date_format(time, 'pattern')", "as to_char; patterns of MySQL or Java"),
    ("date_parse", "date_parse(text, 'pattern')", "as to_timestamp; patterns of MySQL or Java"),
    ("get_json_object", "get_json_object(json, '$.path')", "the value at a path as a text"),
    ("json_extract", "json_extract(json, '$.path')", "the value at a path as JSON"),
    ("json_extract_scalar", "json_extract_scalar(json, '$.path')", "the value at a path as a text"),
    ("json_extract_string", "json_extract_string(json, '$.path')", "the value at a path as a text"),
    ("json_value", "json_value(json, '$.path')", "the value at a path as a text"),
    ("xor", "xor(a, b)", "the exclusive or of two whole numbers"),
    ("current_user", "current_user", "who asks"),
    ("current_schema", "current_schema()", "the current schema"),
    ("current_database", "current_database()", "the current catalog"),
];

/// The lines of `SHOW FUNCTIONS` for synonyms, beside those that there are.
pub(in crate::engine) fn listed(known: &[[String; 4]]) -> Vec<[String; 4]> {
    let line = |name: &str, usage: String, about: String| {
        [name.to_owned(), "macro".to_owned(), usage, about]
    };
    let renamed = RENAMED.iter().map(|(name, ours)| {
        let usage = known.iter().find(|line| line[0] == *ours).map(|line| line[2].as_str());
        let usage = usage.unwrap_or_default().replace(ours, name);
        line(name, usage, format!("as {ours}"))
    });
    let written = WRITTEN.iter().map(|Written { name, arguments, meaning }| {
        // From the last one, so that $1 is not found in $10.
        let places = arguments.iter().enumerate().rev();
        let meaning = places.fold((*meaning).to_owned(), |text, (at, argument)| {
            text.replace(&format!("${}", at + 1), argument)
        });
        line(name, format!("{name}({})", arguments.join(", ")), format!("as {meaning}"))
    });
    let read = READ
        .iter()
        .map(|(name, usage, about)| line(name, (*usage).to_owned(), (*about).to_owned()));
    renamed.chain(written).chain(read).collect()
}

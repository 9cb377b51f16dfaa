//! What a sample of cells shows: which columns there are, and which encoding and type fits each.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, TimeUnit};

use super::infer_key::{self, KeyProposal};
use super::options::PartOptions;
use super::recipe::Encoding;
use super::rows::{decoder, escape};
use crate::stream::decode::sql_type;

/// How many cells are looked at.
pub(super) const SAMPLED_CELLS: usize = 20_000;

/// A family of more qualifiers than this is a map.
const MOST_COLUMNS: usize = 60;

/// How many values of a column are kept.
const KEPT: usize = 400;

/// The share of values that a type must fit.
pub(super) const FITS: f64 = 0.95;

/// A million seconds and a day after 2100, in milliseconds: between them numbers look like times.
pub(super) const TIMES: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;

/// The values of the columns that were seen.
#[derive(Debug, Default)]
pub(super) struct Sample {
    rows: u64,
    row: Vec<u8>,
    keys: Vec<Vec<u8>>,
    columns: BTreeMap<(String, String), Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    cells: u64,
    values: Vec<Vec<u8>>,
}

/// What a column is taken for.
#[derive(Debug)]
struct Proposal {
    data_type: DataType,
    encoding: Encoding,
    evidence: String,
}

impl Sample {
    /// Takes the cells of a batch: row, family, qualifier, value. Of each column as many values are
    /// kept as one of `parts` samples may have.
    pub(super) fn add(&mut self, batch: &RecordBatch, parts: usize) {
        let kept = KEPT.div_ceil(parts.max(1));
        let (rows, values) =
            (batch.column(0).as_binary::<i32>(), batch.column(3).as_binary::<i32>());
        let families = batch.column(1).as_string::<i32>();
        let qualifiers = batch.column(2).as_string::<i32>();
        for at in 0..batch.num_rows() {
            let row = rows.value(at);
            if self.rows == 0 || self.row != row {
                self.rows += 1;
                self.row = row.to_vec();
                if self.keys.len() < kept {
                    self.keys.push(row.to_vec());
                }
            }
            let column = (families.value(at).to_owned(), qualifiers.value(at).to_owned());
            let seen = self.columns.entry(column).or_default();
            seen.cells += 1;
            if seen.values.len() < kept {
                seen.values.push(values.value(at).to_vec());
            }
        }
    }

    /// Takes what another part of the table shows.
    pub(super) fn join(&mut self, other: Self) {
        self.rows += other.rows;
        self.keys.extend(other.keys);
        for (column, seen) in other.columns {
            let own = self.columns.entry(column).or_default();
            own.cells += seen.cells;
            own.values.extend(seen.values);
        }
    }

    /// The table file that the sample suggests.
    pub(super) fn table_file(&self, snapshot: &str) -> String {
        let mut file = format!(
            "# What {} cells of {} rows show. Look through it: bytes do not say what they mean.\n\
             on_error = \"null\"\n\n[options]\nsnapshot = {}\n",
            self.columns.values().map(|seen| seen.cells).sum::<u64>(),
            self.rows,
            quoted(snapshot)
        );
        let mut names: Vec<String> = vec!["row_key".to_owned()];
        match infer_key::propose(&self.keys) {
            Some(key) => of_parts(&mut file, &key, self.keys.len(), &mut names),
            None => column(&mut file, "row_key", ":key", &propose(&self.keys)),
        }
        let mut families: BTreeMap<&str, Vec<(&str, &Seen)>> = BTreeMap::new();
        for ((family, qualifier), seen) in &self.columns {
            families.entry(family).or_default().push((qualifier, seen));
        }
        for (family, columns) in families {
            if columns.len() > MOST_COLUMNS || columns.iter().any(|(name, _)| name.is_empty()) {
                let all: Vec<Vec<u8>> =
                    columns.iter().flat_map(|(_, seen)| seen.values.clone()).take(KEPT).collect();
                let mut proposal = propose(&all);
                proposal.evidence = format!(
                    "{} qualifiers, so a MAP of them; {}",
                    columns.len(),
                    proposal.evidence
                );
                let name = unique(&mut names, family, family);
                column(&mut file, &name, &format!("{family}:"), &proposal);
                continue;
            }
            for (qualifier, seen) in columns {
                let proposal = propose(&seen.values);
                let name = unique(&mut names, qualifier, family);
                column(&mut file, &name, &format!("{family}:{qualifier}"), &proposal);
            }
        }
        file
    }
}

/// Writes what row keys are made of, with a column for each part that says something.
fn of_parts(file: &mut String, key: &KeyProposal, keys: usize, names: &mut Vec<String>) {
    // Writing into a string does not fail.
    let _ =
        writeln!(file, "# {} of {keys} row keys are made of these parts.\nrow_key = [", key.fit);
    for part in &key.parts {
        let _ = writeln!(file, "  {},", written(part));
    }
    file.push_str("]\n");
    for (part, values) in key.parts.iter().zip(&key.values) {
        if part.buckets.is_some() || part.values.is_some() || part.hash.is_some() {
            continue;
        }
        let name = unique(names, &part.name, "key");
        let is_text = values.iter().all(|value| value.len() == 19);
        let proposal = match part.reversed {
            false => propose(values),
            true => Proposal {
                data_type: DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
                encoding: if is_text { Encoding::String } else { Encoding::Binary },
                evidence: "Long.MAX_VALUE less these is a time".to_owned(),
            },
        };
        column(file, &name, &format!(":key.{}", part.name), &proposal);
    }
}

/// A part as a table file has it.
fn written(part: &PartOptions) -> String {
    let PartOptions { name, bytes, until, reversed, buckets, values, hash, of } = part;
    let list = |values: &Vec<String>| {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        format!("[{}]", values.join(", "))
    };
    let keys = [
        Some(format!("name = {}", quoted(name))),
        bytes.map(|bytes| format!("bytes = {bytes}")),
        until.as_ref().map(|until| format!("until = {}", quoted(until))),
        reversed.then(|| "reversed = true".to_owned()),
        buckets.map(|buckets| format!("buckets = {buckets}")),
        values.as_ref().map(|values| format!("values = {}", list(values))),
        hash.as_ref().map(|hash| format!("hash = {}", quoted(hash))),
        of.as_ref().map(|of| format!("of = {}", quoted(of))),
    ];
    let keys: Vec<String> = keys.into_iter().flatten().collect();
    format!("{{ {} }}", keys.join(", "))
}

fn unique(names: &mut Vec<String>, wanted: &str, family: &str) -> String {
    let name = if names.iter().any(|known| known == wanted) {
        format!("{family}_{wanted}")
    } else {
        wanted.to_owned()
    };
    names.push(name.clone());
    name
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn column(file: &mut String, name: &str, source: &str, proposal: &Proposal) {
    let Proposal { data_type, encoding, evidence } = proposal;
    // Writing into a string does not fail.
    let _ = write!(
        file,
        "\n# {evidence}\n[[columns]]\nname = {}\ntype = \"{}\"\nsource = {}\n",
        quoted(name),
        sql_type(data_type).replace("(3)", ""),
        quoted(source)
    );
    if *encoding != Encoding::String {
        let _ = writeln!(file, "encoding = \"{}\"", encoding.name());
    }
}

/// How many of some values decode.
fn fitting(values: &[Vec<u8>], data_type: &DataType, encoding: Encoding) -> usize {
    let Ok(mut decoder) = decoder("", data_type, encoding, None, None) else { return 0 };
    values.iter().filter(|value| decoder.push(value).is_ok()).count()
}

fn propose(values: &[Vec<u8>]) -> Proposal {
    let count = values.len();
    let share = |fit: usize| fit as f64 / count.max(1) as f64;
    let text = |value: &&Vec<u8>| {
        std::str::from_utf8(value).is_ok_and(|text| !text.chars().any(char::is_control))
    };
    let texts = values.iter().filter(text).count();
    let candidates: &[(DataType, Encoding)] = if share(texts) >= FITS {
        &[
            (DataType::Int64, Encoding::String),
            (DataType::Float64, Encoding::String),
            (DataType::Date32, Encoding::String),
            (DataType::Boolean, Encoding::String),
        ]
    } else {
        &[
            (DataType::Int64, Encoding::Ordered),
            (DataType::Float64, Encoding::Ordered),
            (DataType::Utf8, Encoding::Ordered),
            (DataType::Int32, Encoding::Binary),
            (DataType::Int64, Encoding::Binary),
            (DataType::Int16, Encoding::Binary),
            (DataType::Boolean, Encoding::Binary),
        ]
    };
    let found = candidates.iter().find_map(|(data_type, encoding)| {
        let fit = fitting(values, data_type, *encoding);
        (count > 0 && share(fit) >= FITS).then(|| (data_type.clone(), *encoding, fit))
    });
    let (mut data_type, encoding, fit) = found.unwrap_or_else(|| {
        if share(texts) >= FITS {
            (DataType::Utf8, Encoding::String, texts)
        } else {
            (DataType::Binary, Encoding::Binary, count)
        }
    });
    let mut also = vec![];
    if data_type == DataType::Int64 && encoding == Encoding::Binary {
        let times = values.iter().filter_map(|value| <[u8; 8]>::try_from(value.as_slice()).ok());
        let times = times.filter(|value| TIMES.contains(&i64::from_be_bytes(*value))).count();
        if share(times) >= FITS {
            let zone = Some("UTC".into());
            data_type = DataType::Timestamp(TimeUnit::Millisecond, zone);
            also.push("BIGINT".to_owned());
        }
        also.push("DOUBLE".to_owned());
    }
    if data_type == DataType::Int32 && encoding == Encoding::Binary {
        also.push("FLOAT".to_owned());
    }
    let mut evidence = format!("{fit} of {count} values fit");
    if let Some(example) = values.first() {
        let mut shown = String::new();
        escape(example.get(..40).unwrap_or(example), &mut shown);
        let _ = write!(evidence, ", such as {shown}");
    }
    if !also.is_empty() {
        let _ = write!(evidence, "; as {} too", also.join(", "));
    }
    Proposal { data_type, encoding, evidence: evidence.replace('\n', " ") }
}

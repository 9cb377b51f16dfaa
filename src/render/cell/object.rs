//! Rows as JSON objects: the fields of a struct, or the columns of a result.

use std::collections::HashSet;

use arrow::datatypes::Fields;

use super::{Column, Sink, strings};

/// The keys of the objects, written once and copied into every row.
#[derive(Debug)]
pub(in crate::render) struct Objects {
    /// `{"id":` for the first, `,"name":` for the others.
    keys: Vec<Vec<u8>>,
}

impl Objects {
    /// Objects with the names of `fields`, made unique.
    pub(in crate::render) fn new(fields: &Fields) -> Self {
        let key = |(position, name): (usize, &String)| {
            let mut key = vec![if position == 0 { b'{' } else { b',' }];
            strings::write_json(name, &mut key);
            key.push(b':');
            key
        };
        Self { keys: unique_names(fields).iter().enumerate().map(key).collect() }
    }

    /// How many keys an object has.
    pub(in crate::render) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Adds one row as an object, with a key for every column.
    #[inline]
    pub(in crate::render) fn write_row(&self, columns: &[Column<'_>], row: usize, sink: &mut Sink) {
        if self.keys.is_empty() {
            sink.bytes.push(b'{');
        }
        for (key, column) in self.keys.iter().zip(columns) {
            sink.bytes.extend_from_slice(key);
            column.write_json(row, sink);
        }
        sink.bytes.push(b'}');
    }
}

/// The names of `fields` where a name must not come twice: `a, a, b` becomes `a, a_1, b`.
///
/// Readers keep only the last of equal keys, silently; a new name loses nothing. A suffix another
/// column already uses is skipped.
pub(in crate::render) fn unique_names(fields: &Fields) -> Vec<String> {
    let given: HashSet<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    let mut used: HashSet<String> = HashSet::new();
    fields
        .iter()
        .map(|field| {
            let mut name = field.name().clone();
            let mut suffix = 0_usize;
            while used.contains(&name) || (suffix > 0 && given.contains(name.as_str())) {
                suffix += 1;
                name = format!("{}_{suffix}", field.name());
            }
            used.insert(name.clone());
            name
        })
        .collect()
}

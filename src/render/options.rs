//! What a caller can choose about the output, whatever the format.

/// Choices for one result. A format ignores what means nothing to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How NULL is written; `None` is the format's own way (`NULL` in table, vertical, markdown
    /// and html, nothing in csv and unaligned, `\N` in tsv). json, parquet and arrow have a null of
    /// their own and ignore this.
    pub null: Option<String>,
    /// Whether column names are written (table, csv, tsv, unaligned, html), or the line above
    /// every record (vertical).
    pub header: bool,
    /// Whether table, vertical, markdown, html and unaligned end with `(3 rows)`.
    pub footer: bool,
    /// What stands between two values of csv and unaligned; `None` is `,` and `|`.
    pub separator: Option<String>,
    /// Digits after the point of floats in table, vertical, markdown, html; `None` is as many as
    /// make the value. The other formats always write floats in full.
    pub float_digits: Option<u8>,
    /// Which lines a table has.
    pub border: Border,
    /// What the lines of table and vertical are drawn with.
    pub lines: Lines,
    /// Columns of the terminal a table must fit in, by cutting long texts and hiding columns, both
    /// marked with `…` and told in the notes; `None` cuts and hides nothing.
    pub width: Option<usize>,
    /// Whether a table is written with bold names and dim NULLs.
    pub color: bool,
    /// Rows a table holds back to learn its widths. 1,000 unless rows trickle in: with fewer, columns
    /// get some of the room that is left for longer values to come.
    pub sample_rows: usize,
    /// Whether this is the first result of the output; a blank line goes before all others in
    /// table, vertical, csv, tsv, markdown and html.
    pub first_result: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            null: None,
            header: true,
            footer: true,
            separator: None,
            float_digits: None,
            border: Border::Full,
            lines: Lines::Unicode,
            width: None,
            color: false,
            sample_rows: 1000,
            first_result: true,
        }
    }
}

/// Which lines a table has; psql's `border` 0, 1 and 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// Only the line below the names.
    None,
    /// Lines between columns and below the names.
    Inner,
    /// A box.
    Full,
}

/// What lines are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Box drawing characters.
    Unicode,
    /// `|`, `-` and `+`.
    Ascii,
}

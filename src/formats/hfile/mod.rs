//! HFile, the file format of HBase's stores, versions 2 and 3
//! (<https://hbase.apache.org/book.html#_hfile_format_2>).
//!
//! [`trailer`] is read first, then the section that is loaded on open ([`file`]): root index, file
//! info, Bloom filters. [`walk`] then goes through the data blocks cell by cell. What a cell means
//! beside other cells is `hbase_rows`'s business.

pub(crate) mod block;
pub(crate) mod bloom;
pub(crate) mod cells;
pub(crate) mod compression;
pub(crate) mod file;
pub(crate) mod index;
pub(crate) mod info;
pub(crate) mod key;
pub(crate) mod trailer;
pub(crate) mod walk;

pub(crate) use cells::{CellRef, equal};
pub(crate) use file::HFile;
pub(crate) use trailer::Trailer;
pub(crate) use walk::{RowRange, Step, Walk};

//! Names of tables, regions and files, and the places where a file may lie.
//!
//! Files move while they are in use: out of `data` into `archive`, when a compaction has replaced
//! them. A name therefore gives a list of places, to be tried in order.
//!
//! Source: `HFileLink`, `StoreFileInfo`, `MobUtils`
//! (<https://github.com/apache/hbase/blob/master/hbase-server/src/main/java/org/apache/hadoop/hbase/io/HFileLink.java>).

use std::fmt::Write as _;

use md5::{Digest, Md5};

use super::RegionInfo;

/// The namespace of tables that name none.
const DEFAULT: &str = "default";

/// A table by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Table {
    /// The namespace; `default` if none was named.
    pub(crate) namespace: String,
    /// The name in it.
    pub(crate) name: String,
}

impl Table {
    /// A table spelled `namespace:name`, or `name` in the default namespace.
    pub(crate) fn parse(text: &str) -> Self {
        Self::split(text, ':')
    }

    fn split(text: &str, separator: char) -> Self {
        let (namespace, name) = text.split_once(separator).unwrap_or((DEFAULT, text));
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// As region names and people spell it.
    pub(crate) fn spelled(&self) -> String {
        if self.namespace == DEFAULT {
            self.name.clone()
        } else {
            format!("{}:{}", self.namespace, self.name)
        }
    }
}

/// The folder of a region: the MD5 of its table, first row and id, and of the copy it is.
pub(crate) fn encoded_region(region: &RegionInfo) -> String {
    let table = Table { namespace: region.namespace.clone(), name: region.table.clone() };
    let replica = match region.replica {
        0 => String::new(),
        replica => format!("_{replica:04X}"),
    };
    hashed(&table, &region.start, &format!("{}{replica}", region.id))
}

/// The folder of the values of a table that lie in files of their own (MOB).
pub(crate) fn mob_region(table: &Table) -> String {
    hashed(table, b".mob", "0")
}

fn hashed(table: &Table, start: &[u8], id: &str) -> String {
    let mut hash = Md5::new();
    hash.update(table.spelled());
    hash.update(b",");
    hash.update(start);
    hash.update(b",");
    hash.update(id);
    hash.finalize().iter().fold(String::with_capacity(32), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The name of a file in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileName {
    /// A file of this region and family.
    Plain(String),
    /// A file of another region, perhaps of another table.
    Link {
        /// The table.
        table: Table,
        /// The folder of its region.
        region: String,
        /// The file.
        file: String,
    },
    /// A part of a file of another region of the same table, or of the file that a link names.
    Reference {
        /// What is referred to.
        to: Box<FileName>,
        /// The folder of its region.
        parent: String,
    },
}

impl FileName {
    /// Reads a name. A table's name may have dots, so links are looked for first.
    pub(crate) fn parse(name: &str) -> Self {
        if let Some(link) = Self::link(name) {
            return link;
        }
        if let Some((to, parent)) = name.rsplit_once('.')
            && is_region(parent)
        {
            return Self::Reference { to: Box::new(Self::parse(to)), parent: parent.to_owned() };
        }
        Self::Plain(name.to_owned())
    }

    /// `(<namespace>=)?<table>=<region>-<file>`, where the file is plain.
    fn link(name: &str) -> Option<Self> {
        let (table, rest) = name.rsplit_once('=')?;
        let (region, file) = rest.split_once('-')?;
        if !is_region(region) || file.contains('.') {
            return None;
        }
        let table = Table::split(table, '=');
        Some(Self::Link { table, region: region.to_owned(), file: file.to_owned() })
    }

    /// Where the bytes of the file are, for a name in `region` of `table`.
    pub(crate) fn place(&self, table: &Table, region: &str, family: &str) -> Place {
        let (table, region, file) = match self {
            Self::Plain(file) => (table.clone(), region, file.as_str()),
            Self::Link { table, region, file } => (table.clone(), region.as_str(), file.as_str()),
            Self::Reference { to, parent } => return to.place(table, parent, family),
        };
        Place { table, region: region.to_owned(), family: family.to_owned(), file: file.to_owned() }
    }

    /// The sequence id in the name of a file that was loaded in bulk.
    pub(crate) fn bulk_sequence(&self) -> Option<i64> {
        let file = match self {
            Self::Plain(file) | Self::Link { file, .. } => file,
            Self::Reference { to, .. } => return to.bulk_sequence(),
        };
        let (_, rest) = file.rsplit_once("_SeqId_")?;
        rest.strip_suffix('_')?.parse().ok()
    }
}

/// A file by table, region and family.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The table.
    pub(crate) table: Table,
    /// The folder of the region.
    pub(crate) region: String,
    /// The family.
    pub(crate) family: String,
    /// The file.
    pub(crate) file: String,
}

impl Place {
    /// The paths below HBase's root at which the file may be, in the order in which to try them.
    pub(crate) fn paths(&self) -> [String; 4] {
        let Self { table: Table { namespace, name }, region, family, file } = self;
        ["data", ".tmp/data", "mobdir/data", "archive/data"]
            .map(|top| format!("{top}/{namespace}/{name}/{region}/{family}/{file}"))
    }
}

/// Whether a name is the folder of a region: an MD5 in hex.
fn is_region(name: &str) -> bool {
    name.len() >= 32
        && name.get(..32).is_some_and(|hash| hash.bytes().all(|b| b.is_ascii_hexdigit()))
        && name.get(32..).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::{FileName, Table, hashed};

    #[test]
    fn a_region_has_the_folder_that_the_documentation_names() {
        let table = Table::parse("TestTable");
        let folder = hashed(&table, b"0094429456", "1289497600452");
        assert_eq!(folder, "527db22f95c8a9e0116f0cc13c680396");
    }

    #[test]
    fn names_of_files_are_told_apart() {
        let region = "527db22f95c8a9e0116f0cc13c680396";
        let place = |name: &str| {
            let place = FileName::parse(name).place(&Table::parse("ns:own"), "here", "cf");
            format!("{}/{}/{}", place.table.spelled(), place.region, place.file)
        };
        assert_eq!(place("0a1b"), "ns:own/here/0a1b");
        assert_eq!(place("0a1b_SeqId_12_"), "ns:own/here/0a1b_SeqId_12_");
        assert_eq!(place(&format!("0a1b.{region}")), format!("ns:own/{region}/0a1b"));
        assert_eq!(place(&format!("t-a.b={region}-0a1b")), format!("t-a.b/{region}/0a1b"));
        assert_eq!(place(&format!("n=t.b={region}-0a1b")), format!("n:t.b/{region}/0a1b"));
        let other = region.replace('5', "6");
        assert_eq!(place(&format!("n=t={region}-0a1b.{other}")), format!("n:t/{region}/0a1b"));
        assert_eq!(FileName::parse("0a_SeqId_12_").bulk_sequence(), Some(12));
    }
}

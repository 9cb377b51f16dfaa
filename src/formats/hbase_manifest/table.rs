//! A family's settings, as far as they change what a scan gives.
//!
//! Source: `ColumnFamilyDescriptorBuilder`
//! (<https://github.com/apache/hbase/blob/master/hbase-client/src/main/java/org/apache/hadoop/hbase/client/ColumnFamilyDescriptorBuilder.java>).

use std::collections::BTreeMap;

/// What happens to cells that are deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum KeepDeleted {
    /// They are gone.
    #[default]
    No,
    /// A read of the time before the deletion sees them.
    Yes,
    /// The same, until their time to live is over.
    UntilExpired,
}

/// A family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Family {
    /// Its name.
    pub(crate) name: String,
    /// How many versions of a column are kept.
    pub(crate) versions: u32,
    /// How many versions are kept though they have expired.
    pub(crate) min_versions: u32,
    /// How many seconds a cell lives; `None` is for ever.
    pub(crate) ttl: Option<u32>,
    /// Whether a read of the past sees what was deleted later.
    pub(crate) keep_deleted: KeepDeleted,
    /// Whether deletions go by the order of writing instead of by timestamps.
    pub(crate) new_version_behavior: bool,
    /// Everything that was set, as it was written.
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Family {
    /// A family with these attributes; what is absent has HBase's default.
    pub(crate) fn new(name: String, attributes: BTreeMap<String, String>) -> Self {
        let get = |key: &str| attributes.get(key).map(|value| value.trim());
        let number = |key: &str, default: u32| {
            get(key).and_then(|value| value.parse().ok()).unwrap_or(default)
        };
        // Integer.MAX_VALUE and −1 are for ever.
        let ttl = get("TTL").and_then(|value| value.parse::<i64>().ok());
        let ttl = ttl.and_then(|ttl| u32::try_from(ttl).ok()).filter(|ttl| *ttl < 0x7fff_ffff);
        let keep_deleted = match get("KEEP_DELETED_CELLS").map(str::to_ascii_uppercase).as_deref() {
            Some("TRUE") => KeepDeleted::Yes,
            Some("TTL") => KeepDeleted::UntilExpired,
            _ => KeepDeleted::No,
        };
        let new_version_behavior =
            get("NEW_VERSION_BEHAVIOR").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Self {
            versions: number("VERSIONS", 1),
            min_versions: number("MIN_VERSIONS", 0),
            ttl,
            keep_deleted,
            new_version_behavior,
            name,
            attributes,
        }
    }
}

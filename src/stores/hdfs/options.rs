//! The keys of `[store]` for a location in HDFS. The doc comments are the reference.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// `[store]` of a catalog file whose location starts with `hdfs://` or `viewfs://`. Nothing in it
/// is needed where `HADOOP_CONF_DIR` says it all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreOptions {
    /// Who asks, for clusters without Kerberos: `HADOOP_USER_NAME` if not given, else the name of
    /// the user of this machine. With Kerberos: the user to act for, whom the ticket's owner must
    /// be allowed to impersonate.
    pub(super) user: Option<String>,
    /// The folder with `core-site.xml` and `hdfs-site.xml`: `$HADOOP_CONF_DIR` if not given, else
    /// `$HADOOP_HOME/etc/hadoop`. A relative one starts at the folder of the catalog file.
    pub(super) conf_dir: Option<PathBuf>,
    /// Hadoop's own keys, such as `"dfs.ha.namenodes.lake" = "nn1,nn2"`. They come before those of
    /// the folder.
    #[serde(default)]
    pub(super) properties: BTreeMap<String, String>,
    /// A folder on this machine in which bytes that were read are kept, by their ETag; catalogs and
    /// processes may share one. Whoever can read it can read the data. A relative path starts at the
    /// folder of the catalog file.
    pub(super) cache_dir: Option<PathBuf>,
    /// How many bytes are kept there: 10,000,000,000 if not given.
    pub(super) cache_size: Option<u64>,
}

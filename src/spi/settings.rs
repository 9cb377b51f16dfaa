//! The settings of a statement that change what it answers or how far it may go.
//!
//! They are a `ConfigExtension`, so that scans read them from the `TaskContext` wherever they run
//! and a plan can travel together with them as one map of text. Which of them a user may set, and
//! where a value came from, is the engine's business.

use datafusion::common::config::ConfigExtension;
use datafusion::common::extensions_options;

extensions_options! {
    /// Sluice's own settings. `None` or 0 in a limit means no limit.
    pub struct SluiceSettings {
        /// Refuse or end a statement that scans more bytes than this
        pub max_scan_bytes: Option<u64>, default = None
        /// Refuse or end a statement that scans more records than this
        pub max_scan_records: Option<u64>, default = None
        /// Fail a statement with more bad records than this in a table: a count, or a share such as 5%
        pub max_bad_records: Option<String>, default = None
        /// End a statement that runs longer than this, such as 30s or 5min
        pub timeout: Option<String>, default = None
        /// Let a statement hold no more memory than this, in bytes: it spills, or ends
        pub max_memory_bytes: Option<u64>, default = None
        /// End a statement whose answer has more bytes than this
        pub max_result_bytes: Option<u64>, default = None
        /// End a statement whose answer has more rows than this
        pub max_result_rows: Option<u64>, default = None
        /// The most time an estimate may take
        pub estimate_timeout: String, default = "5s".to_owned()
        /// The most time that opening one table for a listing may take
        pub metadata_timeout: String, default = "5s".to_owned()
        /// Whether filters are given to the sources; off is kept for tests
        pub pushdown: bool, default = true
        /// Refuse every statement that writes
        pub read_only: bool, default = false
        /// Read what this token or file names instead of what is there now
        pub read_point: Option<String>, default = None
        /// The largest piece of a file that one task reads at a time, in bytes
        pub split_bytes: u64, default = 16 * 1024 * 1024
    }
}

impl ConfigExtension for SluiceSettings {
    const PREFIX: &'static str = "sluice";
}

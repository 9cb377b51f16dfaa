//! The command line of `sluice role`.

use clap::{Args as ClapArgs, Subcommand};

use crate::engine::Limits;
use crate::server::Role;

/// What can be done with roles.
#[derive(Debug, Subcommand)]
pub(super) enum RoleSub {
    /// Make a role, or put another one in its place
    Add {
        /// The role's name
        name: String,
        #[command(flatten)]
        role: Box<RoleArgs>,
    },
    /// Take a role away
    Remove {
        /// The role's name
        name: String,
    },
    /// Show the roles: name, what is read, what is written, rights, limits
    List,
}

/// What a role opens.
#[derive(Debug, ClapArgs)]
pub(super) struct RoleArgs {
    /// May read a catalog, a schema, or * for every catalog; may be repeated
    #[arg(long, value_name = "CATALOG[.SCHEMA]")]
    read: Vec<String>,
    /// May write and read a catalog, a schema, or * for every catalog; may be repeated
    #[arg(long, value_name = "CATALOG[.SCHEMA]")]
    write: Vec<String>,
    /// May name paths in statements: whatever the server's process can read and write
    #[arg(long)]
    files: bool,
    /// May end the statements of others
    #[arg(long)]
    kill: bool,
    /// May see the statements of others
    #[arg(long)]
    see_queries: bool,
    /// May set what is the operator's, raise limits, see and end the statements of others
    #[arg(long)]
    admin: bool,
    /// How many statements of a user run at once, 0 for any number; the server's limit if not given
    #[arg(long = "limit-statements", value_name = "COUNT")]
    statements: Option<usize>,
    /// The longest time of a statement, such as 10min
    #[arg(long = "limit-time", value_name = "TIME")]
    timeout: Option<String>,
    /// The most bytes that a statement scans
    #[arg(long = "limit-scan-bytes", value_name = "BYTES")]
    scan_bytes: Option<u64>,
    /// The most records that a statement scans
    #[arg(long = "limit-scan-records", value_name = "COUNT")]
    scan_records: Option<u64>,
    /// The most bad records of a table: a count, or a share such as 5%
    #[arg(long = "limit-bad-records", value_name = "COUNT|SHARE")]
    bad_records: Option<String>,
    /// The most memory that a statement holds
    #[arg(long = "limit-memory-bytes", value_name = "BYTES")]
    memory_bytes: Option<u64>,
    /// The most bytes of an answer
    #[arg(long = "limit-result-bytes", value_name = "BYTES")]
    result_bytes: Option<u64>,
    /// The most rows of an answer
    #[arg(long = "limit-result-rows", value_name = "COUNT")]
    result_rows: Option<u64>,
}

impl RoleArgs {
    /// The role.
    pub(super) fn role(&self) -> Role {
        Role {
            read: self.read.clone(),
            write: self.write.clone(),
            files: self.files,
            kill: self.kill,
            see_queries: self.see_queries,
            admin: self.admin,
            statements: self.statements,
            limits: Limits {
                timeout: self.timeout.clone(),
                max_scan_bytes: self.scan_bytes,
                max_scan_records: self.scan_records,
                max_bad_records: self.bad_records.clone(),
                max_memory_bytes: self.memory_bytes,
                max_result_bytes: self.result_bytes,
                max_result_rows: self.result_rows,
            },
        }
    }
}

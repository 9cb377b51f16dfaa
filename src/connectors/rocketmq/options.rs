//! The keys of `[options]` of a catalog file; those of tables are the same for all streams.

use std::fmt;

use serde::Deserialize;

/// `[options]` of a catalog file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogOptions {
    /// Name servers to ask, in their order: `host:9876`, several with commas or semicolons between; also
    /// an endpoint as ONS gives it (`http://MQ_INST_….aliyuncs.com:8080`).
    pub(super) name_servers: String,
    /// Who asks; together with `secret_key`.
    pub(super) access_key: Option<String>,
    /// The key that questions are signed with.
    pub(super) secret_key: Option<String>,
    /// Of keys that are only lent: the token that came with them.
    pub(super) security_token: Option<String>,
    /// The channel that ONS wants to be told: `ALIYUN`.
    pub(super) channel: Option<String>,
    /// The instance (namespace) whose topics are the tables: `MQ_INST_…`; that of the endpoint if not
    /// given.
    pub(super) instance: Option<String>,
    /// The group in whose name is read: `TOOLS_CONSUMER`, which every broker has, if not given. It is
    /// never joined and keeps no offsets.
    pub(super) group: Option<String>,
    /// Whether connections are encrypted. On where a certificate is given.
    pub(super) tls: Option<bool>,
    /// A PEM file with the authorities that servers' certificates are signed by; the machine's if not
    /// given. A relative path starts at the folder of the catalog file.
    pub(super) ca_certificate: Option<String>,
}

impl fmt::Debug for CatalogOptions {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatalogOptions")
            .field("name_servers", &self.name_servers)
            .field("access_key", &self.access_key)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

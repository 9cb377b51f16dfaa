//! The keys of `[options]` for `connector = "kafka"`. The doc comments are the reference; those of
//! table files are `stream`'s, the same for all streams.

use std::fmt;

use serde::Deserialize;

/// `[options]` of a catalog file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogOptions {
    /// Brokers to ask first: `host:9092`, several with commas between.
    pub(super) bootstrap_servers: String,
    /// Whether connections are encrypted. On where a certificate is given.
    pub(super) tls: Option<bool>,
    /// A PEM file with the authorities that brokers' certificates are signed by; the machine's if not
    /// given. A relative path starts at the folder of the catalog file, as those of the next two.
    pub(super) ca_certificate: Option<String>,
    /// A PEM file with the certificate that is shown to brokers, and …
    pub(super) certificate: Option<String>,
    /// … one with its key.
    pub(super) key: Option<String>,
    /// The password of the key.
    pub(super) key_password: Option<String>,
    /// How `username` and `password` are shown: `PLAIN` (default), `SCRAM-SHA-256`, `SCRAM-SHA-512`.
    pub(super) sasl_mechanism: Option<String>,
    /// Who asks.
    pub(super) username: Option<String>,
    /// The password.
    pub(super) password: Option<String>,
    /// The URL of the registry that keeps the schemas of Avro and Protobuf records, as Confluent's,
    /// Karapace's or Apicurio's (`…/apis/ccompat/v7`) answers it.
    pub(super) schema_registry: Option<String>,
    /// Who asks the registry; together with …
    pub(super) schema_registry_username: Option<String>,
    /// … the password.
    pub(super) schema_registry_password: Option<String>,
    /// A token that is shown to the registry, in place of a password.
    pub(super) schema_registry_token: Option<String>,
    /// A PEM file with the authorities that the registry's certificate is signed by; the machine's if
    /// not given. A relative path starts at the folder of the catalog file.
    pub(super) schema_registry_ca_certificate: Option<String>,
    /// The group in whose name is read where brokers ask for a right to one: `sluice` if not given.
    /// It is never joined and keeps no offsets.
    pub(super) group: Option<String>,
}

impl fmt::Debug for CatalogOptions {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatalogOptions")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

//! The keys of `[store]` for `oss://` and `s3://`. The doc comments are the reference.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::{Identity, Keys};
use crate::error::{Error, Result};
use crate::spi::TomlText;

/// `[store]` of a location in a bucket.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::stores) struct Options {
    /// Where the store is: a host or a URL, with or without the bucket in its name. Without it, that
    /// of the region.
    pub(in crate::stores) endpoint: Option<String>,
    /// Such as `cn-hangzhou` or `us-east-1`. Without it, that of the endpoint, else the bucket's own.
    pub(in crate::stores) region: Option<String>,
    /// OSS: `public` (default), `internal` (within the region), `accelerate`, `accelerate-overseas`.
    pub(in crate::stores) network: Option<Network>,
    /// S3: whether the bucket stands in the path. Without it, only where the endpoint is an address.
    pub(in crate::stores) path_style: Option<bool>,
    /// The access key. Without it: environment, profile, the machine's role, else anonymous.
    pub(in crate::stores) access_key_id: Option<String>,
    /// Its secret.
    #[serde(alias = "secret_access_key")]
    pub(in crate::stores) access_key_secret: Option<String>,
    /// The token of temporary keys.
    #[serde(alias = "security_token")]
    pub(in crate::stores) session_token: Option<String>,
    /// The profile of the provider's own files, such as `~/.aliyun/config.json` or `~/.aws`.
    pub(in crate::stores) profile: Option<String>,
    /// OSS: the role of the machine whose keys are used. Without it, the one it has.
    pub(in crate::stores) ram_role: Option<String>,
    /// Whether nothing is signed, for public buckets.
    #[serde(default)]
    pub(in crate::stores) anonymous: bool,
    /// Whether whoever reads pays for it.
    #[serde(default)]
    pub(in crate::stores) request_payer: bool,
    /// An HTTP proxy.
    pub(in crate::stores) proxy: Option<String>,
    /// A PEM file of authorities that are trusted besides the system's; a relative path starts at the
    /// folder of the catalog file.
    pub(in crate::stores) ca_certificate: Option<PathBuf>,
    /// How long nothing may come before a request is given up and made anew: 20s if not given.
    #[serde(default = "stall", with = "humantime_text")]
    pub(in crate::stores) timeout: Duration,
    /// How often a request is made anew: 5 times if not given.
    #[serde(default = "retries")]
    pub(in crate::stores) retries: usize,
    /// How many requests wait for an answer at once: 64 if not given.
    #[serde(default = "at_once")]
    pub(in crate::stores) requests: usize,
    /// A folder on this machine in which bytes that were read are kept, by their ETag; catalogs and
    /// processes may share one. Whoever can read it can read the data. A relative path starts at the
    /// folder of the catalog file.
    pub(in crate::stores) cache_dir: Option<PathBuf>,
    /// How many bytes are kept there: 10,000,000,000 if not given.
    pub(in crate::stores) cache_size: Option<u64>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets are printed nowhere.
        f.debug_struct("Options")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// By which of its names OSS is reached.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::stores) enum Network {
    /// Over the internet.
    #[default]
    Public,
    /// Within the region, free of charge.
    Internal,
    /// Over the nearest point of entry.
    Accelerate,
    /// The same outside of China.
    AccelerateOverseas,
}

fn stall() -> Duration {
    Duration::from_secs(20)
}

fn retries() -> usize {
    5
}

fn at_once() -> usize {
    64
}

mod humantime_text {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, de::Error};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(text)?;
        humantime::parse_duration(&text).map_err(|e| {
            D::Error::custom(format!("{text} is not a duration such as 20s or 1m: {e}"))
        })
    }
}

impl Options {
    /// Reads `[store]`; `foreign` are keys that this scheme has no use for.
    ///
    /// # Errors
    /// `Config` for unknown and foreign keys and for half a key.
    pub(in crate::stores) fn read(text: &TomlText, scheme: &str, foreign: &[&str]) -> Result<Self> {
        let mut options: Self = text.read()?;
        if let Some(file) = &mut options.ca_certificate
            && file.is_relative()
        {
            *file = text.path().parent().unwrap_or(Path::new("")).join(&*file);
        }
        if let Some(folder) = &mut options.cache_dir
            && folder.is_relative()
        {
            *folder = text.path().parent().unwrap_or(Path::new("")).join(&*folder);
        }
        let set = |key: &str| match key {
            "network" => options.network.is_some(),
            "ram_role" => options.ram_role.is_some(),
            "path_style" => options.path_style.is_some(),
            _ => false,
        };
        if let Some(key) = foreign.iter().find(|key| set(key)) {
            return Err(Error::config(format!(
                "[store]: {key} is no key of {scheme}:// locations"
            )));
        }
        match (&options.access_key_id, &options.access_key_secret) {
            (Some(_), None) => {
                return Err(Error::config("[store]: access_key_id has no access_key_secret"));
            }
            (None, Some(_)) => {
                return Err(Error::config("[store]: access_key_secret has no access_key_id"));
            }
            _ => {}
        }
        Ok(options)
    }

    /// As whom the catalog file itself says that the bucket is asked.
    pub(super) fn identity(&self) -> Option<Identity> {
        if self.anonymous {
            let who = "anonymous, as the catalog file says".to_owned();
            return Some(Identity { keys: None, who });
        }
        let Self { access_key_id, access_key_secret, session_token, .. } = self.clone();
        let keys = Keys::of(access_key_id, access_key_secret, session_token)?;
        Some(keys.identity("the catalog file"))
    }
}

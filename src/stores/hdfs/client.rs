//! The connection to a cluster, made when it is first needed: a catalog whose cluster is down still
//! loads.

use hdfs_native::{Client, ClientBuilder};
use object_store::Result;
use tokio::sync::OnceCell;

use super::super::threads::io_threads;
use super::conf::{self, Config};
use super::error::{self, Failed};
use super::options::StoreOptions;
use crate::error::Error;

/// Calls that find no active NameNode are repeated this often, where nothing else is configured:
/// for a pair, half a minute in all, in which one of them takes over.
const ATTEMPTS_OF_A_PAIR: &str = "10";
/// The same for a single NameNode: some seconds, as nobody will take over.
const ATTEMPTS_OF_ONE: &str = "3";
const ATTEMPTS: &str = "dfs.client.failover.max.attempts";

/// Which cluster, as the location and its options say.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) scheme: String,
    pub(super) authority: String,
    pub(super) options: StoreOptions,
}

/// A client that connects when it is first asked for.
#[derive(Debug)]
pub(super) struct LazyClient {
    cluster: Cluster,
    // The store's root as people write it.
    root: String,
    // With where the cluster is and as whom it is asked, for people.
    client: OnceCell<(Client, String)>,
}

impl LazyClient {
    pub(super) fn new(cluster: Cluster, root: String) -> Self {
        Self { cluster, root, client: OnceCell::new() }
    }

    /// The name of a path as people write it.
    pub(super) fn outer(&self, path: &str) -> String {
        format!("{}{}", self.root, path.trim_start_matches('/'))
    }

    /// The client.
    pub(super) async fn get(&self) -> Result<&Client> {
        let built = self.client.get_or_try_init(|| async { self.build() }).await?;
        Ok(&built.0)
    }

    /// Where the cluster is and as whom it is asked, once that is known.
    pub(super) fn told(&self) -> &str {
        self.client.get().map_or(&self.root, |(_, told)| told)
    }

    /// A failure in words.
    pub(super) fn failed(&self, path: &str, failure: impl Into<Failed>) -> object_store::Error {
        error::in_words(&self.root, &self.outer(path), failure.into())
    }

    fn build(&self) -> Result<(Client, String)> {
        let Cluster { scheme, authority, options } = &self.cluster;
        let folder = conf::folder(options.conf_dir.as_deref());
        let mut config = conf::read(folder.as_deref(), &options.properties);
        let url = conf::url(scheme, authority, &config).map_err(|what| {
            let error = Error::config(format!("{}: {what}", self.root)).with_hint(
                "name the cluster, as in hdfs://nameservice/, or the folder of core-site.xml: \
                 HADOOP_CONF_DIR or conf_dir in [store]",
            );
            error::ours(error)
        })?;
        bear_with(&mut config, &url);
        let told = format!("{url} as {}", who(options.user.as_deref(), &config));
        let mut builder = ClientBuilder::new()
            .with_url(url)
            .with_config(config)
            .with_io_runtime(io_threads().map_err(|e| self.failed("", e))?);
        if let Some(folder) = folder {
            builder = builder.with_config_dir(folder.to_string_lossy());
        }
        if let Some(user) = &options.user {
            builder = builder.with_user(user);
        }
        builder.build().map(|client| (client, told)).map_err(|e| self.failed("", e))
    }
}

/// As whom a cluster is asked.
fn who(user: Option<&str>, config: &Config) -> String {
    let kerberos =
        config.get("hadoop.security.authentication").is_some_and(|how| how == "kerberos");
    match (user, std::env::var("HADOOP_USER_NAME")) {
        (Some(user), _) if kerberos => format!("{user}, by the owner of the Kerberos ticket"),
        (None, _) if kerberos => "the owner of the Kerberos ticket".to_owned(),
        (Some(user), _) => format!("{user} from the catalog file"),
        (None, Ok(user)) => format!("{user} from environment HADOOP_USER_NAME"),
        (None, Err(_)) => "the user of this machine".to_owned(),
    }
}

/// Says how long to wait for NameNodes, where nobody has.
fn bear_with(config: &mut Config, url: &str) {
    let is_pair = url
        .split_once("://")
        .and_then(|(_, service)| config.get(&format!("dfs.ha.namenodes.{service}")))
        .is_some_and(|nodes| nodes.contains(','));
    let several = is_pair || url.starts_with("viewfs");
    let attempts = if several { ATTEMPTS_OF_A_PAIR } else { ATTEMPTS_OF_ONE };
    config.entry(ATTEMPTS.to_owned()).or_insert_with(|| attempts.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_configured_is_not_replaced() {
        let mut config = Config::from([("dfs.ha.namenodes.lake".to_owned(), "a,b".to_owned())]);
        bear_with(&mut config, "hdfs://lake");
        assert_eq!(config[ATTEMPTS], ATTEMPTS_OF_A_PAIR);
        bear_with(&mut config, "hdfs://node:8020");
        assert_eq!(config[ATTEMPTS], ATTEMPTS_OF_A_PAIR);
        let mut config = Config::new();
        bear_with(&mut config, "hdfs://node:8020");
        assert_eq!(config[ATTEMPTS], ATTEMPTS_OF_ONE);
    }
}

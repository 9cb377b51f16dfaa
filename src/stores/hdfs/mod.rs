//! HDFS: `hdfs://` and `viewfs://` locations, read and written without a JVM.
//!
//! `options` is what a catalog file says, `conf` what Hadoop's own files say, `client` the
//! connection, made when it is first needed; `files` is the store, with `opened` (files kept open),
//! `reading` (the bytes of a range), `listing` and `upload`; `error` turns Java's exceptions into
//! sentences. The protocol itself is the crate `hdfs-native`'s.

mod client;
mod conf;
mod error;
mod files;
mod listing;
mod opened;
mod options;
mod reading;
mod upload;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::client::{Cluster, LazyClient};
use self::files::HdfsFiles;
use self::options::StoreOptions;
use super::layers::{CacheOptions, Cached, Policy, Resumed};
use crate::error::{Error, Result};
use crate::spi::{OpenedStore, StoreScheme, TomlText};

/// A body that broke off is read on three times; calls are repeated by the client crate.
const READING_ON: Policy = Policy {
    retries: 3,
    pause: Duration::from_millis(200),
    longest: Duration::from_secs(2),
    passes: |_| false,
    goes_on: error::goes_on,
};

/// Clusters of HDFS, and views over several of them.
#[derive(Debug)]
pub(super) struct Hdfs;

impl StoreScheme for Hdfs {
    fn schemes(&self) -> &'static [&'static str] {
        &["hdfs", "viewfs"]
    }

    fn open(&self, location: &str, options: &TomlText) -> Result<OpenedStore> {
        let mut read: StoreOptions = options.read()?;
        if let Some(folder) = &mut read.conf_dir
            && folder.is_relative()
        {
            *folder = options.path().parent().unwrap_or(Path::new("")).join(&*folder);
        }
        if let Some(folder) = &mut read.cache_dir
            && folder.is_relative()
        {
            *folder = options.path().parent().unwrap_or(Path::new("")).join(&*folder);
        }
        let cache = CacheOptions::of(read.cache_dir.as_ref(), read.cache_size);
        let place = Place::of(location)?;
        let cluster = Cluster {
            scheme: place.scheme.to_owned(),
            authority: place.authority.to_owned(),
            options: read,
        };
        let root = format!("{}://{}/", place.scheme, place.authority);
        let location = format!("{root}{}", place.path);
        // The same name may be another cluster's where Hadoop's files are others.
        let space = format!(
            "{root} {:?} {:?} {:?}",
            cluster.options.user, cluster.options.conf_dir, cluster.options.properties
        );
        let client = Arc::new(LazyClient::new(cluster, root.clone()));
        let store = Resumed::over(HdfsFiles::new(client), &root, READING_ON);
        Ok(OpenedStore {
            store: Cached::over(store, cache, &space),
            location: location.trim_end_matches('/').to_owned(),
            path: place.path,
            root,
        })
    }
}

/// A location in its parts. Nothing is decoded: names are written as `hdfs dfs -ls` shows them.
#[derive(Debug)]
struct Place<'a> {
    scheme: &'a str,
    // A name service, a host, or a host and a port; empty for the default file system.
    authority: &'a str,
    path: object_store::path::Path,
}

impl<'a> Place<'a> {
    fn of(location: &'a str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::config(format!("location {location}: {what}"))
                .with_hint("hdfs://nameservice/path, hdfs://host:8020/path or hdfs:///path")
        };
        let (scheme, rest) = location.split_once("://").ok_or_else(|| wrong("has no scheme"))?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(wrong("users are not part of it").with_hint("say `user` in [store]"));
        }
        if let Some((_, port)) = authority.rsplit_once(':')
            && port.parse::<u16>().is_err()
        {
            return Err(wrong(&format!("{port} is no port")));
        }
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let path = object_store::path::Path::parse(parts.join("/"))
            .map_err(|e| wrong(&e.to_string().to_lowercase()))?;
        Ok(Self { scheme, authority, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(location: &str) -> Result<OpenedStore> {
        Hdfs.open(location, &TomlText::new("catalog/lake.toml", "", false))
    }

    #[test]
    fn locations_name_a_root_and_a_path() {
        for (location, root, path) in [
            ("hdfs://lake/warehouse/", "hdfs://lake/", "warehouse"),
            ("hdfs://node:9000/a//b", "hdfs://node:9000/", "a/b"),
            ("hdfs:///tmp/x y=%é", "hdfs:///", "tmp/x y=%é"),
            ("hdfs://lake", "hdfs://lake/", ""),
            ("viewfs://all/data", "viewfs://all/", "data"),
        ] {
            let opened = opened(location).unwrap();
            assert_eq!(opened.root, root, "{location}");
            assert_eq!(opened.path.as_ref(), path, "{location}");
        }
        assert_eq!(opened("hdfs://lake/a/").unwrap().location, "hdfs://lake/a");
    }

    #[test]
    fn wrong_locations_say_what_a_location_is() {
        for (location, said) in [
            ("hdfs://node:port/a", "location hdfs://node:port/a: port is no port"),
            ("hdfs://ada@node/a", "location hdfs://ada@node/a: users are not part of it"),
        ] {
            assert_eq!(opened(location).unwrap_err().message(), said);
        }
        assert!(opened("hdfs://node/a/../b").is_err());
    }
}

//! Object stores by URL scheme: [`STORES`] is the list, one file each.
//!
//! A store knows bytes and names. What a folder of files means is the connectors' business.

mod bucket;
#[cfg(feature = "hdfs")]
mod hdfs;
mod layers;
mod local;
mod oss;
mod s3;
mod threads;

use crate::error::{Error, Result};
use crate::spi::{OpenedStore, StoreScheme, TomlText};

/// Every scheme that a location may have.
pub static STORES: &[&dyn StoreScheme] = &[
    &local::Local,
    &oss::Oss,
    &s3::S3,
    #[cfg(feature = "hdfs")]
    &hdfs::Hdfs,
];

/// Opens a location with the store of its scheme; `options` is the `[store]` section.
///
/// # Errors
/// `Unsupported` for a scheme that no store has, `Config` for options that its store does not know.
pub fn open(location: &str, options: &TomlText) -> Result<OpenedStore> {
    let scheme = location.split_once("://").map_or("file", |(scheme, _)| scheme);
    if let Some(store) = STORES.iter().find(|store| store.schemes().contains(&scheme)) {
        return store.open(location, options);
    }
    let known: Vec<_> = STORES
        .iter()
        .flat_map(|store| store.schemes())
        .map(|scheme| format!("{scheme}://"))
        .collect();
    Err(Error::unsupported(format!("locations cannot start with {scheme}://"))
        .with_hint(format!("known: a plain path, {}", known.join(", "))))
}

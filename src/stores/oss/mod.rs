//! `oss://`: buckets of Alibaba Cloud OSS, by its S3-compatible interface.
//!
//! OSS takes buckets in the host name only, knows its regions as `cn-hangzhou` and its servers as
//! `oss-cn-hangzhou.aliyuncs.com`, and forbids to replace an object by a header of its own. Facts:
//! <https://www.alibabacloud.com/help/en/oss/developer-reference/compatibility-with-amazon-s3>.

mod endpoint;
mod identity;

use std::sync::Arc;

use async_trait::async_trait;
use object_store::client::HttpClient;

use super::bucket::{Environment, Identity, Options, Place, Provider, open};
use crate::error::Result;
use crate::spi::{OpenedStore, StoreScheme, TomlText};

/// Buckets of OSS.
#[derive(Debug)]
pub(super) struct Oss;

impl StoreScheme for Oss {
    fn schemes(&self) -> &'static [&'static str] {
        &["oss"]
    }

    fn open(&self, location: &str, options: &TomlText) -> Result<OpenedStore> {
        let options = Options::read(options, "oss", &["path_style"])?;
        open("oss", location, options, Arc::new(Alibaba(Environment::of_process())))
    }
}

/// Alibaba Cloud.
#[derive(Debug)]
struct Alibaba(Environment);

#[async_trait]
impl Provider for Alibaba {
    async fn place(&self, bucket: &str, options: &Options, http: &HttpClient) -> Result<Place> {
        endpoint::place(&self.0, bucket, options, http).await
    }

    async fn identity(&self, options: &Options, http: &HttpClient) -> Result<Option<Identity>> {
        identity::find(&self.0, options, http).await
    }

    fn forbid_overwrite(&self) -> Option<&'static str> {
        Some("x-oss-forbid-overwrite")
    }
}

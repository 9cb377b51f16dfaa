//! Buckets of an S3-compatible store: what `oss://` and `s3://` have in common.
//!
//! The protocol is `object_store`'s. Ours is who asks and where ([`Provider`], found out when the
//! bucket is first needed, so that a catalog opens without the network), reads that go on
//! ([`Resumed`]), and refusals in plain words (`explain`).

mod explain;
mod ini;
mod keys;
mod options;
mod refusal;
mod store;
mod watched;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredentialProvider, S3ConditionalPut};
use object_store::client::{HttpClient, HttpConnector};
use object_store::{
    BackoffConfig, Certificate, ClientOptions, HeaderMap, ObjectStore, RetryConfig,
};

pub(in crate::stores) use self::ini::Ini;
pub(in crate::stores) use self::keys::{Environment, Keys, Renewed, Source};
pub(in crate::stores) use self::options::{Network, Options};
use self::refusal::{Refusal, is_certificate, of_network};
use self::store::BucketStore;
use self::watched::Watched;
use super::layers::{CacheOptions, Cached, Policy, Resumed};
use crate::error::{Error, Result};
use crate::spi::OpenedStore;

/// The first pause before a request is made anew, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// Where a bucket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::stores) struct Place {
    /// The URL that requests go to, with the bucket in its host where that is the store's way.
    pub(in crate::stores) endpoint: String,
    /// Whether the bucket is in the host.
    pub(in crate::stores) in_host: bool,
    /// The region that requests are signed for.
    pub(in crate::stores) region: String,
}

/// As whom a bucket is asked.
#[derive(Clone, Debug)]
pub(in crate::stores) struct Identity {
    /// The keys, renewed before they end; `None` signs nothing.
    pub(in crate::stores) keys: Option<AwsCredentialProvider>,
    /// Where the keys come from and which they are, without their secret.
    pub(in crate::stores) who: String,
}

/// A company that keeps buckets: how its servers are found and its keys.
#[async_trait]
pub(in crate::stores) trait Provider: Debug + Send + Sync {
    /// Finds out where a bucket is.
    async fn place(&self, bucket: &str, options: &Options, http: &HttpClient) -> Result<Place>;

    /// Finds keys where people keep them besides the catalog file; `None` where there are none.
    async fn identity(&self, options: &Options, http: &HttpClient) -> Result<Option<Identity>>;

    /// The header by which a write says that it replaces nothing; `None` for `If-None-Match`.
    fn forbid_overwrite(&self) -> Option<&'static str> {
        None
    }
}

/// Opens a location in a bucket; asks nobody yet.
///
/// # Errors
/// `Config` for a location that names no bucket, or more than that.
pub(in crate::stores) fn open(
    scheme: &'static str,
    location: &str,
    options: Options,
    provider: Arc<dyn Provider>,
) -> Result<OpenedStore> {
    let wrong = |what: &str| {
        Error::config(format!("location {location}: {what}"))
            .with_hint(format!("{scheme}://bucket/path"))
    };
    let (_, rest) = location.split_once("://").ok_or_else(|| wrong("it is no URL"))?;
    let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(wrong("it names no bucket"));
    }
    if bucket.contains(['@', ':']) {
        return Err(wrong("keys and ports belong under [store]"));
    }
    let path = path.trim_matches('/');
    let inside = object_store::path::Path::parse(path).map_err(|e| wrong(&e.to_string()))?;
    let root = format!("{scheme}://{bucket}/");
    let location = format!("{root}{inside}").trim_end_matches('/').to_owned();
    let cache = CacheOptions::of(options.cache_dir.as_ref(), options.cache_size);
    let space = format!(
        "{root} {:?} {:?} {:?} {:?}",
        options.endpoint, options.region, options.access_key_id, options.profile
    );
    let bucket = Bucket { scheme, name: bucket.to_owned(), options, provider };
    let store = Cached::over(Arc::new(BucketStore::new(bucket)), cache, &space);
    Ok(OpenedStore { store, path: inside, location, root })
}

/// A bucket that nobody has asked yet.
#[derive(Debug)]
struct Bucket {
    scheme: &'static str,
    name: String,
    options: Options,
    provider: Arc<dyn Provider>,
}

/// A bucket that can be asked.
#[derive(Debug)]
struct Connected {
    scheme: &'static str,
    bucket: String,
    host: String,
    region: String,
    who: String,
    reads: Arc<dyn ObjectStore>,
    writes: AmazonS3,
    // Where a header forbids that something is replaced.
    creates: Option<AmazonS3>,
}

impl Bucket {
    fn client_options(&self) -> Result<ClientOptions> {
        let mut options = ClientOptions::new()
            .with_allow_http(true)
            .with_timeout_disabled()
            .with_connect_timeout(CONNECT)
            .with_http1_only();
        if let Some(proxy) = &self.options.proxy {
            options = options.with_proxy_url(proxy);
        }
        if let Some(file) = &self.options.ca_certificate {
            let wrong =
                |e: String| Error::config(format!("ca_certificate {}: {e}", file.display()));
            let pem = std::fs::read(file).map_err(|e| wrong(e.to_string()))?;
            let authorities =
                Certificate::from_pem_bundle(&pem).map_err(|e| wrong(e.to_string()))?;
            if authorities.is_empty() {
                return Err(wrong("it holds no certificate".to_owned()));
            }
            for authority in authorities {
                options = options.with_root_certificate(authority);
            }
        }
        Ok(options)
    }

    /// Finds place and keys and makes the clients.
    async fn connect(&self) -> Result<Connected> {
        let options = self.client_options()?;
        let watched = Watched::new(self.options.timeout, self.options.requests);
        let failed =
            |e: object_store::Error| Error::config(format!("{}://{}: {e}", self.scheme, self.name));
        let http = watched.connect(&options).map_err(failed)?;
        let place = self.provider.place(&self.name, &self.options, &http).await?;
        let identity = match self.options.identity() {
            Some(identity) => identity,
            None => self.provider.identity(&self.options, &http).await?.unwrap_or_else(|| {
                Identity { keys: None, who: "anonymous: no keys were found".to_owned() }
            }),
        };
        let client = |retries: usize, headers: HeaderMap| {
            let backoff =
                BackoffConfig { init_backoff: PAUSES.0, max_backoff: PAUSES.1, base: 2.0 };
            let retry = RetryConfig { max_retries: retries, backoff, ..RetryConfig::default() };
            let conditional = if self.provider.forbid_overwrite().is_some() {
                S3ConditionalPut::Disabled
            } else {
                S3ConditionalPut::ETagMatch
            };
            let mut builder = AmazonS3Builder::new()
                .with_bucket_name(&self.name)
                .with_region(&place.region)
                .with_endpoint(&place.endpoint)
                .with_virtual_hosted_style_request(place.in_host)
                .with_client_options(options.clone().with_default_headers(headers))
                .with_http_connector(watched.clone())
                .with_request_payer(self.options.request_payer)
                .with_unsigned_payload(place.endpoint.starts_with("https://"))
                .with_conditional_put(conditional)
                .with_disable_tagging(true)
                .with_retry(retry);
            builder = match &identity.keys {
                Some(keys) => builder.with_credentials(Arc::clone(keys)),
                None => builder.with_skip_signature(true),
            };
            builder.build().map_err(failed)
        };
        let creates = match self.provider.forbid_overwrite() {
            Some(header) => {
                let header = http::HeaderName::from_static(header);
                let mut headers = HeaderMap::new();
                headers.insert(header, object_store::HeaderValue::from_static("true"));
                Some(client(self.options.retries, headers)?)
            }
            None => None,
        };
        let (retries, (pause, longest)) = (self.options.retries, PAUSES);
        let policy = Policy { retries, pause, longest, passes, goes_on: passes };
        let root = format!("{}://{}/", self.scheme, self.name);
        Ok(Connected {
            scheme: self.scheme,
            bucket: self.name.clone(),
            host: host_of(&place.endpoint).to_owned(),
            region: place.region.clone(),
            who: identity.who,
            reads: Resumed::over(client(0, HeaderMap::new())?, &root, policy),
            writes: client(self.options.retries, HeaderMap::new())?,
            creates,
        })
    }
}

/// Whether an error of a read may be gone the next time.
fn passes(error: &object_store::Error) -> bool {
    if let Some(refusal) = Refusal::of(error) {
        return refusal.passes();
    }
    match of_network(error) {
        Some(network) => !is_certificate(network),
        // A part was asked for and all of it came: a server that is not itself.
        None => error.to_string().contains("non-partial response"),
    }
}

/// The host of a URL, with its port.
pub(in crate::stores) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

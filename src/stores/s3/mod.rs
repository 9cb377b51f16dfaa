//! `s3://`: buckets of Amazon S3 and of every server that speaks its protocol.

mod identity;

use std::sync::Arc;

use async_trait::async_trait;
use object_store::client::HttpClient;

use super::bucket::{Environment, Identity, Ini, Options, Place, Provider, host_of, open};
use crate::error::{Error, Result};
use crate::spi::{OpenedStore, StoreScheme, TomlText};

/// Buckets of S3.
#[derive(Debug)]
pub(super) struct S3;

impl StoreScheme for S3 {
    fn schemes(&self) -> &'static [&'static str] {
        &["s3", "s3a"]
    }

    fn open(&self, location: &str, options: &TomlText) -> Result<OpenedStore> {
        let options = Options::read(options, "s3", &["network", "ram_role"])?;
        let scheme = if location.starts_with("s3a:") { "s3a" } else { "s3" };
        open(scheme, location, options, Arc::new(Amazon(Environment::of_process())))
    }
}

/// Amazon, and whoever has an endpoint of his own.
#[derive(Debug)]
struct Amazon(Environment);

impl Amazon {
    fn region(&self, options: &Options) -> Option<String> {
        let named =
            || ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| self.0.get(name));
        options.region.clone().or_else(named).or_else(|| {
            let (text, _) = self.0.file("AWS_CONFIG_FILE", ".aws/config")?;
            let ini = Ini::parse(&text);
            let section = match identity::profile(&self.0, options) {
                profile if profile == "default" => profile,
                profile => format!("profile {profile}"),
            };
            ini.get(&section, "region").map(str::to_owned)
        })
    }
}

#[async_trait]
impl Provider for Amazon {
    async fn place(&self, bucket: &str, options: &Options, http: &HttpClient) -> Result<Place> {
        let region = self.region(options);
        let named = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
        let endpoint =
            options.endpoint.clone().or_else(|| named.iter().find_map(|name| self.0.get(name)));
        let Some(endpoint) = endpoint else {
            let region = match region {
                Some(region) => region,
                None => region_of_bucket(bucket, http).await?,
            };
            let path_style = options.path_style.unwrap_or(bucket.contains('.'));
            let domain =
                if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            let server = format!("s3.{region}.{domain}");
            let endpoint = match path_style {
                true => format!("https://{server}"),
                false => format!("https://{bucket}.{server}"),
            };
            return Ok(Place { endpoint, in_host: !path_style, region });
        };
        let url = match endpoint.contains("://") {
            true => endpoint.trim_end_matches('/').to_owned(),
            false => format!("https://{}", endpoint.trim_end_matches('/')),
        };
        let (scheme, host) = url.split_once("://").unwrap_or(("https", &url));
        let in_host = match options.path_style {
            Some(path_style) => !path_style,
            None => !is_address(host_of(&url)),
        };
        let host = match host.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('.')) {
            true => host.to_owned(),
            false if in_host => format!("{bucket}.{host}"),
            false => host.to_owned(),
        };
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        Ok(Place { endpoint: format!("{scheme}://{host}"), in_host, region })
    }

    async fn identity(&self, options: &Options, http: &HttpClient) -> Result<Option<Identity>> {
        identity::find(&self.0, options, http).await
    }
}

/// Whether a host is an address or this machine, which have no names below them.
fn is_address(host: &str) -> bool {
    let without_port = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    without_port == "localhost" || without_port.parse::<std::net::IpAddr>().is_ok()
}

/// The region that Amazon says a bucket is in.
async fn region_of_bucket(bucket: &str, http: &HttpClient) -> Result<String> {
    let failed = |what: String| {
        Error::unavailable(format!("the region of bucket {bucket} is not known: {what}"))
            .with_hint("set region or endpoint under [store]")
    };
    let request = http::Request::builder()
        .method(http::Method::HEAD)
        .uri(format!("https://{bucket}.s3.amazonaws.com"))
        .body(object_store::client::HttpRequestBody::empty())
        .map_err(|e| failed(e.to_string()))?;
    let answer = http.execute(request).await.map_err(|e| failed(e.to_string()))?;
    let region = answer.headers().get("x-amz-bucket-region").and_then(|value| value.to_str().ok());
    match region {
        Some(region) => Ok(region.to_owned()),
        None if answer.status() == http::StatusCode::NOT_FOUND => {
            Err(Error::not_found(format!("there is no bucket {bucket} on Amazon S3"))
                .with_hint("look at the bucket's name in `location`; other providers need `endpoint` under [store]"))
        }
        None => Err(failed(format!("status {}", answer.status()))),
    }
}

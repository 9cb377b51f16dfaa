//! Which server of OSS has a bucket.

use http::Request;
use object_store::client::{HttpClient, HttpRequestBody};

use super::super::bucket::{Environment, Ini, Network, Options, Place, host_of};
use crate::error::{Error, Result};

/// What all names of OSS's own servers end in.
const DOMAIN: &str = "aliyuncs.com";

/// The region that is asked where a bucket is.
const ASKED: &str = "cn-hangzhou";

/// Finds the place: what the catalog file says, else the environment, else the region of the tools'
/// own files, else the bucket is asked for.
pub(super) async fn place(
    environment: &Environment,
    bucket: &str,
    options: &Options,
    http: &HttpClient,
) -> Result<Place> {
    let endpoint = options.endpoint.clone().or_else(|| environment.get("OSS_ENDPOINT"));
    let region = options.region.as_deref().map(bare_region).or_else(|| {
        let names = ["OSS_REGION", "ALIBABA_CLOUD_REGION_ID", "ALIBABA_CLOUD_REGION"];
        names.iter().find_map(|name| environment.get(name)).map(|region| bare_region(&region))
    });
    if let Some(endpoint) = endpoint {
        return at_endpoint(bucket, &endpoint, region, options.network);
    }
    let region = match region.or_else(|| region_of_tools(environment)) {
        Some(region) => region,
        None => region_of_bucket(bucket, http).await?,
    };
    let network = options.network.unwrap_or_default();
    Ok(at(bucket, &format!("https://{}", server(&region, network)), &region))
}

/// `oss-cn-hangzhou` is a region to some tools and `cn-hangzhou` to others.
fn bare_region(region: &str) -> String {
    region.strip_prefix("oss-").unwrap_or(region).to_owned()
}

fn server(region: &str, network: Network) -> String {
    match network {
        Network::Public => format!("oss-{region}.{DOMAIN}"),
        Network::Internal => format!("oss-{region}-internal.{DOMAIN}"),
        Network::Accelerate => format!("oss-accelerate.{DOMAIN}"),
        Network::AccelerateOverseas => format!("oss-accelerate-overseas.{DOMAIN}"),
    }
}

fn at(bucket: &str, server: &str, region: &str) -> Place {
    let (scheme, host) = server.split_once("://").unwrap_or(("https", server));
    let host = host.trim_end_matches('/');
    let host = match host.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('.')) {
        true => host.to_owned(),
        false => format!("{bucket}.{host}"),
    };
    // The S3 interface knows regions by the names of its servers.
    let region = format!("oss-{region}");
    Place { endpoint: format!("{scheme}://{host}"), in_host: true, region }
}

fn at_endpoint(
    bucket: &str,
    endpoint: &str,
    region: Option<String>,
    network: Option<Network>,
) -> Result<Place> {
    let url =
        if endpoint.contains("://") { endpoint.to_owned() } else { format!("https://{endpoint}") };
    let host = host_of(&url);
    let wrong = |what: String| Error::config(format!("[store]: endpoint {endpoint}: {what}"));
    if url.trim_end_matches('/').matches('/').count() > 2 {
        return Err(wrong("an endpoint has no path".to_owned())
            .with_hint("the bucket is taken from `location`"));
    }
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    if name == "localhost" || name.parse::<std::net::IpAddr>().is_ok() {
        return Err(wrong(
            "OSS takes buckets in the host name, and an address has none".to_owned(),
        )
        .with_hint("for an S3-compatible server write location = \"s3://…\""));
    }
    let own = name.strip_suffix(DOMAIN).map(|rest| rest.trim_end_matches('.'));
    let Some(own) = own else {
        // A domain of the company's own stands for the bucket itself.
        let region = region.ok_or_else(|| {
            wrong("its name does not say the region".to_owned())
                .with_hint("set region = \"cn-hangzhou\" or the like under [store]")
        })?;
        return Ok(Place {
            endpoint: url.trim_end_matches('/').to_owned(),
            in_host: true,
            region: format!("oss-{region}"),
        });
    };
    if network.is_some() {
        return Err(
            wrong("it says the network already".to_owned()).with_hint("leave one of the two out")
        );
    }
    let last = own.rsplit('.').next().unwrap_or(own);
    let named = last.trim_end_matches("-internal");
    let named = named.strip_prefix("oss-").unwrap_or(named).to_owned();
    let region = match (region, named.starts_with("accelerate")) {
        (Some(region), _) => region,
        (None, false) => named,
        (None, true) => {
            return Err(wrong("its name does not say the region".to_owned())
                .with_hint("set region = \"cn-hangzhou\" or the like under [store]"));
        }
    };
    Ok(at(bucket, &url, &region))
}

/// The region that the command line tools have been told.
fn region_of_tools(environment: &Environment) -> Option<String> {
    let of_aliyun = environment.file("ALIBABA_CLOUD_CONFIG_FILE", ".aliyun/config.json");
    let region = of_aliyun.and_then(|(text, _)| {
        super::identity::profile_of_aliyun(&text, None)?
            .get("region_id")?
            .as_str()
            .map(str::to_owned)
    });
    region.filter(|region| !region.is_empty()).or_else(|| {
        let (text, _) = environment.file("OSSUTIL_CONFIG_FILE", ".ossutilconfig")?;
        let ini = Ini::parse(&text);
        let get = |key| ["default", "Credentials"].iter().find_map(|section| ini.get(section, key));
        get("region").map(str::to_owned).or_else(|| {
            let host = host_of(get("endpoint")?).split('.').next()?;
            let named = host.trim_end_matches("-internal").strip_prefix("oss-")?;
            (!named.starts_with("accelerate")).then(|| named.to_owned())
        })
    })
}

/// The region that OSS says a bucket is in: a server of another region names the right one.
async fn region_of_bucket(bucket: &str, http: &HttpClient) -> Result<String> {
    let asked = server(ASKED, Network::Public);
    let way_out = "set region = \"cn-hangzhou\" or the like under [store]";
    let failed = |what: String| {
        Error::unavailable(format!("the region of bucket {bucket} is not known: {what}"))
            .with_hint(way_out)
    };
    let request = Request::builder()
        .uri(format!("https://{bucket}.{asked}/?max-keys=1"))
        .body(HttpRequestBody::empty())
        .map_err(|e| failed(e.to_string()))?;
    let answer = http.execute(request).await.map_err(|e| failed(format!("{asked}: {e}")))?;
    let body = answer.into_body().bytes().await.map_err(|e| failed(format!("{asked}: {e}")))?;
    let text = String::from_utf8_lossy(&body);
    if text.contains("<Code>NoSuchBucket</Code>") {
        return Err(Error::not_found(format!("there is no bucket {bucket} on OSS"))
            .with_hint("look at the bucket's name in `location`"));
    }
    let named = text.split_once("<Endpoint>").and_then(|(_, rest)| rest.split_once("</Endpoint>"));
    let region = named.and_then(|(host, _)| {
        let first = host.strip_prefix(&format!("{bucket}.")).unwrap_or(host).split('.').next()?;
        Some(first.trim_end_matches("-internal").strip_prefix("oss-")?.to_owned())
    });
    Ok(region.unwrap_or_else(|| ASKED.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(endpoint: &str, region: Option<&str>) -> Result<(String, String)> {
        let place = at_endpoint("lake", endpoint, region.map(str::to_owned), None)?;
        Ok((place.endpoint, place.region))
    }

    #[test]
    fn a_bucket_stands_in_the_host_name_of_every_kind_of_endpoint() {
        let hangzhou = |host: &str| (format!("https://lake.{host}"), "oss-cn-hangzhou".to_owned());
        for host in ["oss-cn-hangzhou.aliyuncs.com", "oss-cn-hangzhou-internal.aliyuncs.com"] {
            assert_eq!(place(host, None).unwrap(), hangzhou(host));
            assert_eq!(place(&format!("lake.{host}"), None).unwrap(), hangzhou(host));
            assert_eq!(place(&format!("https://{host}/"), None).unwrap(), hangzhou(host));
        }
        let s3 = "s3.oss-cn-hangzhou.aliyuncs.com";
        assert_eq!(place(s3, None).unwrap(), hangzhou(s3));
        let accelerated = "oss-accelerate.aliyuncs.com";
        assert_eq!(place(accelerated, Some("cn-hangzhou")).unwrap(), hangzhou(accelerated));
        let own = place("data.example.com", Some("cn-hangzhou")).unwrap();
        assert_eq!(own, ("https://data.example.com".to_owned(), "oss-cn-hangzhou".to_owned()));
    }

    #[test]
    fn an_endpoint_that_cannot_work_is_refused_at_once() {
        for (endpoint, part) in [
            ("oss-accelerate.aliyuncs.com", "does not say the region"),
            ("data.example.com", "does not say the region"),
            ("http://127.0.0.1:9000", "an address has none"),
            ("oss-cn-hangzhou.aliyuncs.com/lake", "an endpoint has no path"),
        ] {
            let error = place(endpoint, None).unwrap_err();
            assert!(error.message().contains(part), "{endpoint}: {}", error.message());
        }
    }
}

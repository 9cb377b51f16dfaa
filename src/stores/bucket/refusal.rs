//! What a store said when it refused a request: its status and the words of its XML.
//!
//! The stores of `object_store` keep a refusal as text alone, so it is read back from there.

use std::error::Error;

use chrono::{DateTime, Utc};
use object_store::client::HttpError;

/// What stands before status and body in the text of `object_store`'s errors.
const STATUS: &str = "Server returned non-2xx status code: ";

/// A refused request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: u16,
    /// `<Code>`, such as `AccessDenied`; empty if there was no body.
    pub(super) code: String,
    /// `<Message>`.
    pub(super) message: String,
    /// `<Endpoint>`: where the bucket is, if it is not here.
    pub(super) endpoint: Option<String>,
    /// `<Region>`: which region the request should have been signed for.
    pub(super) region: Option<String>,
    /// The store's clock against that of the request, if they differ too much.
    pub(super) skew: Option<chrono::Duration>,
    /// `<RequestId>`, by which the store's operators find the request.
    pub(super) request: Option<String>,
}

impl Refusal {
    /// The refusal that an error came from; `None` for one of the network.
    pub(super) fn of(error: &object_store::Error) -> Option<Self> {
        let text = causes(error).map(ToString::to_string).find_map(|text| {
            let at = text.find(STATUS)?;
            text.get(at + STATUS.len()..).map(str::to_owned)
        })?;
        Self::parse(&text)
    }

    /// `403 Forbidden: <?xml …`.
    fn parse(text: &str) -> Option<Self> {
        let status = text.get(..3)?.parse().ok()?;
        let body = text.split_once(':').map_or("", |(_, body)| body);
        let word = |tag| element(body, tag).filter(|text| !text.is_empty());
        let instant = |tag| {
            let text = element(body, tag)?;
            let parsed = DateTime::parse_from_rfc3339(&text)
                .or_else(|_| DateTime::parse_from_rfc2822(&text))
                .map(|at| at.to_utc())
                .ok();
            parsed.or_else(|| {
                let basic = chrono::NaiveDateTime::parse_from_str(&text, "%Y%m%dT%H%M%SZ");
                basic.ok().map(|at| at.and_utc())
            })
        };
        let request_time: Option<DateTime<Utc>> = instant("RequestTime");
        Some(Self {
            status,
            code: word("Code").unwrap_or_default(),
            message: word("Message").unwrap_or_default(),
            endpoint: word("Endpoint"),
            region: word("Region"),
            skew: request_time.zip(instant("ServerTime")).map(|(ours, theirs)| ours - theirs),
            request: word("RequestId"),
        })
    }

    /// Whether the store may take the same request later.
    pub(super) fn passes(&self) -> bool {
        matches!(self.status, 408 | 429 | 500 | 502 | 503 | 504)
            || matches!(self.code.as_str(), "SlowDown" | "RequestTimeout" | "InternalError")
    }
}

/// An error and what it came from.
pub(super) fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let next = |error: &&'e (dyn Error + 'static)| -> Option<&'e (dyn Error + 'static)> {
        (*error).source()
    };
    std::iter::successors(Some(error), next)
}

/// The network's own error, if it was that.
pub(super) fn of_network(error: &object_store::Error) -> Option<&HttpError> {
    causes(error).find_map(|cause| cause.downcast_ref::<HttpError>())
}

/// Whether the network's error is that a certificate is not trusted.
pub(super) fn is_certificate(error: &HttpError) -> bool {
    causes(error).any(|cause| cause.to_string().contains("certificate"))
}

/// The text of the first element of a name, with the entities that servers write replaced.
fn element(xml: &str, tag: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
    let (text, _) = rest.split_once(&format!("</{tag}>"))?;
    let plain = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    Some(plain.iter().fold(text.trim().to_owned(), |text, (from, to)| text.replace(from, to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_refusal_are_read_from_the_text_of_the_error() {
        let text = "403 Forbidden: <?xml version=\"1.0\"?><Error><Code>RequestTimeTooSkewed</Code>\
            <Message>The difference is &quot;too&quot; large.</Message>\
            <RequestTime>20261124T101500Z</RequestTime>\
            <ServerTime>2026-11-24T10:00:00.000Z</ServerTime><RequestId>A1</RequestId></Error>";
        let refusal = Refusal::parse(text).unwrap();
        assert_eq!((refusal.status, refusal.code.as_str()), (403, "RequestTimeTooSkewed"));
        assert_eq!(refusal.message, "The difference is \"too\" large.");
        assert_eq!(refusal.skew, Some(chrono::Duration::minutes(15)));
        assert_eq!(refusal.request.as_deref(), Some("A1"));
        assert!(!refusal.passes());
    }

    #[test]
    fn a_refusal_without_a_body_has_its_status() {
        let refusal = Refusal::parse("503 Service Unavailable: ").unwrap();
        assert_eq!((refusal.status, refusal.code.as_str()), (503, ""));
        assert!(refusal.passes());
        assert!(Refusal::parse("garbage").is_none());
    }
}

//! What HDFS answers when it does not do what was asked, in words and by kind.
//!
//! A NameNode answers with the name of a Java exception and a text whose first line is for people.

use std::io::ErrorKind as Io;

use hdfs_native::HdfsError;

use crate::error::{Error, ErrorKind, Retry};

/// The name of the store in errors of the `object_store` crate.
const STORE: &str = "hdfs";

/// A failure of the client crate or of our own reading.
#[derive(Debug)]
pub(super) enum Failed {
    /// What the crate says.
    Hdfs(HdfsError),
    /// Fewer or more bytes than asked for.
    Length { wanted: u64, got: u64 },
}

impl From<HdfsError> for Failed {
    fn from(error: HdfsError) -> Self {
        Self::Hdfs(error)
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self::Hdfs(HdfsError::IOError(error))
    }
}

/// Whether a body that broke off with an error may be read on: no answer, a lost replica; not a
/// refusal.
pub(super) fn goes_on(error: &object_store::Error) -> bool {
    let ours = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>());
    ours.is_some_and(|error| error.retry() == Retry::Later)
}

/// An error of ours as one of the store.
pub(super) fn ours(error: Error) -> object_store::Error {
    object_store::Error::Generic { store: STORE, source: Box::new(error) }
}

/// That nothing is at a path.
pub(super) fn missing(outer: &str) -> object_store::Error {
    let source = Box::new(Error::not_found(format!("{outer}: does not exist")));
    object_store::Error::NotFound { path: outer.to_owned(), source }
}

/// That something is at a path where nothing should be.
pub(super) fn exists(outer: &str) -> object_store::Error {
    let source = format!("{outer} exists").into();
    object_store::Error::AlreadyExists { path: outer.to_owned(), source }
}

/// A failure at `outer` of the store at `root`, as an error that names both what and where.
pub(super) fn in_words(root: &str, outer: &str, failure: Failed) -> object_store::Error {
    let error = match failure {
        Failed::Hdfs(error) => error,
        Failed::Length { wanted, got } => {
            let text = format!("{outer}: asked for {wanted} bytes, got {got}");
            return ours(Error::unavailable(text).retry_later());
        }
    };
    let (kind, text) = match &error {
        HdfsError::FileNotFound(_) | HdfsError::IsADirectoryError(_) => return missing(outer),
        HdfsError::AlreadyExists(_) => return exists(outer),
        HdfsError::RPCError(class, text) | HdfsError::FatalRPCError(class, text) => {
            match answered(class, text) {
                Answer::Missing => return missing(outer),
                Answer::Exists => return exists(outer),
                Answer::Error(kind, text) => (kind, text),
            }
        }
        HdfsError::IOError(e) => (ErrorKind::Unavailable, unreached(e)),
        HdfsError::DataTransferError(text) => {
            (ErrorKind::Unavailable, format!("the DataNodes do not give its bytes: {text}"))
        }
        HdfsError::ChecksumError => {
            (ErrorKind::Corrupt, "no replica of a block matches its checksums".to_owned())
        }
        HdfsError::BlocksNotFound(_) => {
            (ErrorKind::Unavailable, "no DataNode has one of its blocks".to_owned())
        }
        HdfsError::UnsupportedErasureCodingPolicy(policy) => {
            (ErrorKind::Unsupported, format!("the erasure code {policy} is not supported"))
        }
        HdfsError::UnsupportedFeature(what) => (ErrorKind::Unsupported, what.clone()),
        HdfsError::SASLError(text) => (ErrorKind::Unauthenticated, text.clone()),
        HdfsError::GSSAPIError(_, _, text) => {
            (ErrorKind::Unauthenticated, format!("Kerberos: {text}"))
        }
        HdfsError::NoSASLMechanism => (
            ErrorKind::Unauthenticated,
            "the cluster knows no way to log in that Sluice has".into(),
        ),
        HdfsError::InvalidArgument(text) if text == "No NameNode hosts found" => {
            (ErrorKind::Config, "no addresses of its NameNodes are configured".to_owned())
        }
        HdfsError::InvalidArgument(text) => (ErrorKind::Config, text.clone()),
        HdfsError::UrlParseError(e) => (ErrorKind::Config, e.to_string()),
        HdfsError::XmlParseError(e) => (ErrorKind::Config, format!("Hadoop's configuration: {e}")),
        other => (ErrorKind::Unavailable, other.to_string()),
    };
    let place = match kind {
        ErrorKind::Unauthenticated | ErrorKind::Config => root,
        _ if matches!(error, HdfsError::IOError(_)) => root,
        _ => outer,
    };
    let mut said = Error::new(kind, format!("{place}: {text}"));
    if let Some(hint) = hint(kind, &error) {
        said = said.with_hint(hint);
    }
    // Of a block whose replicas are corrupt there may be another one the next time.
    if kind == ErrorKind::Unavailable || matches!(error, HdfsError::ChecksumError) {
        said = said.retry_later();
    }
    let path = outer.to_owned();
    match kind {
        ErrorKind::Denied => object_store::Error::PermissionDenied { path, source: Box::new(said) },
        ErrorKind::Unauthenticated => {
            object_store::Error::Unauthenticated { path, source: Box::new(said) }
        }
        ErrorKind::Unsupported => object_store::Error::NotSupported { source: Box::new(said) },
        _ => ours(said),
    }
}

enum Answer {
    Missing,
    Exists,
    Error(ErrorKind, String),
}

/// A NameNode's exception.
fn answered(class: &str, text: &str) -> Answer {
    let name = class.rsplit(['.', '$']).next().unwrap_or(class);
    let line = text.lines().next().unwrap_or_default().trim();
    if name == "SafeModeException" || line.contains("in safe mode") {
        let text = "the NameNode is in safe mode and takes no writes".to_owned();
        return Answer::Error(ErrorKind::Unavailable, text);
    }
    match name {
        "FileNotFoundException" | "ParentNotDirectoryException" => Answer::Missing,
        // Below a file there is nothing.
        "AccessControlException" if line.ends_with("(is not a directory)") => Answer::Missing,
        "FileAlreadyExistsException" => Answer::Exists,
        "AccessControlException" => Answer::Error(ErrorKind::Denied, refused(line)),
        "AuthorizationException" => Answer::Error(ErrorKind::Denied, line.to_owned()),
        "SaslException" | "InvalidToken" | "GSSException" => {
            Answer::Error(ErrorKind::Unauthenticated, line.to_owned())
        }
        "StandbyException" => Answer::Error(
            ErrorKind::Unavailable,
            "every NameNode of the cluster is on standby, none is active".to_owned(),
        ),
        "DSQuotaExceededException" | "NSQuotaExceededException" => {
            Answer::Error(ErrorKind::Exhausted, line.to_owned())
        }
        "InvalidPathException" => {
            Answer::Error(ErrorKind::Unsupported, "HDFS takes no such name".to_owned())
        }
        _ => Answer::Error(ErrorKind::Unavailable, format!("{name}: {line}")),
    }
}

/// `Permission denied: user=ada, access=READ, inode="/x":bob:staff:-rw-------` in words.
fn refused(line: &str) -> String {
    let value = |name: &str| {
        let (_, rest) = line.split_once(name)?;
        rest.split(',').next().map(str::trim)
    };
    match (value("user="), value("access="), line.split_once("inode=")) {
        (Some(user), Some(access), Some((_, node))) => {
            let node = node.trim_start_matches('"').replacen("\":", " is ", 1);
            format!("permission denied: {user} has no {access} access, {node}")
        }
        _ => {
            let text = line.trim_start_matches("Permission denied").trim_start_matches([':', '.']);
            if text.trim().is_empty() {
                "permission denied".to_owned()
            } else {
                format!("permission denied: {}", text.trim())
            }
        }
    }
}

fn unreached(error: &std::io::Error) -> String {
    match error.kind() {
        Io::ConnectionRefused => "the NameNode refuses connections".to_owned(),
        Io::TimedOut => "the cluster does not answer in time".to_owned(),
        Io::HostUnreachable | Io::NetworkUnreachable => "the cluster cannot be reached".to_owned(),
        Io::UnexpectedEof | Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe => {
            format!("the connection broke: {error}")
        }
        _ => error.to_string(),
    }
}

fn hint(kind: ErrorKind, error: &HdfsError) -> Option<&'static str> {
    match (kind, error) {
        (ErrorKind::Unauthenticated, _) => Some(
            "a cluster with Kerberos needs a ticket (kinit) and libgssapi_krb5 on this machine",
        ),
        (ErrorKind::Config, _) => Some(
            "HADOOP_CONF_DIR must name the folder of core-site.xml and hdfs-site.xml, or [store] \
             have conf_dir or the keys in properties",
        ),
        (_, HdfsError::IOError(e)) if e.kind() == Io::ConnectionRefused => {
            Some("is it running, and is this its RPC port (8020 unless configured otherwise)?")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(class: &str, text: &str) -> (object_store::Error, String) {
        let failure = HdfsError::RPCError(class.to_owned(), text.to_owned());
        let error = in_words("hdfs://lake/", "hdfs://lake/a", failure.into());
        let source = std::error::Error::source(&error).map(ToString::to_string);
        (error, source.unwrap_or_default())
    }

    #[test]
    fn refusals_name_who_and_what() {
        let (error, text) = said(
            "org.apache.hadoop.security.AccessControlException",
            "Permission denied: user=ada, access=READ, inode=\"/a\":bob:staff:-rw-------\n\tat …",
        );
        assert!(matches!(error, object_store::Error::PermissionDenied { .. }));
        assert_eq!(
            text,
            "hdfs://lake/a: permission denied: ada has no READ access, /a is bob:staff:-rw-------"
        );
    }

    #[test]
    fn exceptions_have_kinds() {
        let (error, _) = said("java.io.FileNotFoundException", "rename source /a is not found.");
        assert!(matches!(error, object_store::Error::NotFound { .. }));
        let (error, _) = said(
            "org.apache.hadoop.security.AccessControlException",
            "/lake/a (is not a directory)",
        );
        assert!(matches!(error, object_store::Error::NotFound { .. }));
        let (_, text) = said(
            "org.apache.hadoop.hdfs.server.namenode.SafeModeException",
            "Cannot create file/a. Name node is in safe mode.",
        );
        assert_eq!(text, "hdfs://lake/a: the NameNode is in safe mode and takes no writes");
        let (_, text) = said("org.apache.hadoop.ipc.StandbyException", "Operation category READ …");
        assert_eq!(
            text,
            "hdfs://lake/a: every NameNode of the cluster is on standby, none is active"
        );
    }
}

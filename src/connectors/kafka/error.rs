//! What brokers refuse and networks do, in words about the cluster, the topic, the partition.

use crate::error::Error;

/// What an error of the client means for a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A broker or the network; it may pass.
    Passing,
    /// A broker's certificate is signed by nobody who is known.
    Untrusted,
    /// Who asks was not let in.
    Unauthenticated,
    /// Who asks may not.
    Denied,
    /// Nothing to do with what was asked: a right to a group that is not used.
    Nothing,
    /// The offset that was asked for is not there.
    OutOfRange,
    /// The topic is not there.
    UnknownTopic,
    /// A record that cannot be decompressed, or is not what was sent.
    Corrupt,
    /// Anything else.
    Other,
}

impl Trouble {
    /// The error of doing something at a place; `reason` is the client's own sentence.
    pub(super) fn error(self, place: &str, reason: &str) -> Error {
        match self {
            Self::Passing => Error::unavailable(format!("{place}: no broker answers: {reason}"))
                .with_hint("look at bootstrap_servers, and whether `tls` is what brokers expect")
                .retry_later(),
            Self::Untrusted => Error::unavailable(format!("{place}: {reason}")).with_hint(
                "look at ca_certificate in the catalog file: it names the file with the authorities \
                 that brokers' certificates are signed by",
            ),
            Self::Unauthenticated => Error::unauthenticated(format!("{place}: {reason}"))
                .with_hint("look at sasl_mechanism, username and password in the catalog file"),
            Self::Denied => {
                Error::denied(format!("{place}: the user may not read or describe it: {reason}"))
            }
            Self::OutOfRange => {
                Error::gone(format!("{place}: deleted before it was read: {reason}"))
                    .with_hint("run the statement again: it begins with what is there now")
            }
            Self::UnknownTopic => Error::not_found(format!("{place}: {reason}")),
            Self::Corrupt => Error::corrupt(format!("{place}: {reason}")),
            Self::Nothing | Self::Other => Error::unavailable(format!("{place}: {reason}")),
        }
    }
}

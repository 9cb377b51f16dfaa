//! What servers refuse and networks do, in words about the cluster, the topic, the queue.

use crate::error::Error;
use crate::formats::{Broken, BrokenKind};

/// Codes of answers, as far as they say something of their own (`ResponseCode` of RocketMQ).
pub(super) mod code {
    pub(in super::super) const SUCCESS: i32 = 0;
    const SYSTEM_ERROR: i32 = 1;
    const SYSTEM_BUSY: i32 = 2;
    const SERVICE_NOT_AVAILABLE: i32 = 14;
    pub(super) const NO_PERMISSION: i32 = 16;
    pub(in super::super) const TOPIC_NOT_EXIST: i32 = 17;
    pub(in super::super) const PULL_NOT_FOUND: i32 = 19;
    pub(in super::super) const PULL_RETRY_IMMEDIATELY: i32 = 20;
    pub(in super::super) const PULL_OFFSET_MOVED: i32 = 21;
    pub(super) const SUBSCRIPTION_GROUP_NOT_EXIST: i32 = 26;
    const FLOW_CONTROL: i32 = 215;
    const GO_AWAY: i32 = 1500;
    /// Those of a server that may answer later.
    pub(super) const PASSING: [i32; 5] =
        [SYSTEM_ERROR, SYSTEM_BUSY, SERVICE_NOT_AVAILABLE, FLOW_CONTROL, GO_AWAY];
}

/// Why a question has no answer.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// The server or the network; it may pass.
    Passing(String),
    /// The server refuses: a code and why.
    Refused(i32, String),
    /// The answer cannot be read.
    Broken(Broken),
}

impl From<Broken> for Trouble {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl Trouble {
    /// An answer of another code than it should have.
    pub(super) fn of_code(code: i32, remark: Option<&str>) -> Self {
        // The class of the exception in the server, and where to read more, help nobody here.
        let remark = remark.unwrap_or("the server does not say why");
        let remark = remark.split("\nFor more information").next().unwrap_or(remark);
        let remark = remark.split(", CODE: ").next().unwrap_or(remark).trim().to_owned();
        match code::PASSING.contains(&code) {
            true => Self::Passing(remark),
            false => Self::Refused(code, remark),
        }
    }

    /// Whether the same question may have an answer later, or elsewhere.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Passing(_))
    }

    /// The error of asking for something at a place.
    pub(super) fn error(&self, place: &str) -> Error {
        match self {
            Self::Passing(reason) => Error::unavailable(format!("{place}: {reason}"))
                .with_hint(
                    "is it up, and reached from here? brokers are asked at the addresses that \
                            name servers have of them",
                )
                .retry_later(),
            Self::Refused(code::NO_PERMISSION, reason) if is_of_who_asks(reason) => {
                Error::unauthenticated(format!("{place}: {reason}"))
                    .with_hint("look at access_key and secret_key in the catalog file")
            }
            Self::Refused(code::NO_PERMISSION, reason) => {
                Error::denied(format!("{place}: {reason}")).with_hint(
                    "reading takes the right SUB of the topic and of the group, and GET of \
                                the topic; `group` in the catalog file names the group",
                )
            }
            Self::Refused(code::TOPIC_NOT_EXIST, reason) => {
                Error::not_found(format!("{place}: {reason}"))
            }
            Self::Refused(code::SUBSCRIPTION_GROUP_NOT_EXIST, reason) => {
                Error::config(format!("{place}: {reason}"))
                    .with_hint("set `group` in the catalog file to a group that is there")
            }
            Self::Refused(code, reason) => {
                Error::unavailable(format!("{place}: {reason} (code {code})"))
            }
            Self::Broken(broken) => {
                let text = format!("{place}: {broken}");
                match broken.kind {
                    BrokenKind::Unsupported => Error::unsupported(text),
                    BrokenKind::Corrupt | BrokenKind::Denied => Error::corrupt(text),
                }
            }
        }
    }
}

/// Whether a refusal is about who asks; brokers have one code for that and for what they may.
fn is_of_who_asks(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    let about = ["authenticat", "signature", "accesskey", "access key", "username", "user:"];
    about.iter().any(|about| reason.contains(about)) && !reason.contains("has no permission")
}

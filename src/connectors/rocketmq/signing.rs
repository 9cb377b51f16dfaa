//! Who asks, and the signature that shows it.
//!
//! A signature is the HMAC-SHA1 of the values of all fields, in the order of the fields' names
//! (`AclClientRPCHook`, <https://github.com/apache/rocketmq>).

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;

/// The fields of a question, by name.
pub(super) type Fields = BTreeMap<&'static str, String>;

/// Who asks.
#[derive(Clone)]
pub(super) struct Signer {
    access_key: String,
    key: hmac::Key,
    token: Option<String>,
    channel: Option<String>,
}

impl fmt::Debug for Signer {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

impl Signer {
    /// Who has these keys.
    pub(super) fn new(
        access_key: &str,
        secret_key: &str,
        token: Option<&str>,
        channel: Option<&str>,
    ) -> Self {
        Self {
            access_key: access_key.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret_key.as_bytes()),
            token: token.map(str::to_owned),
            channel: channel.map(str::to_owned),
        }
    }

    /// Adds who asks and the signature to the fields of a question without a body.
    pub(super) fn sign(&self, fields: &mut Fields) {
        fields.insert("AccessKey", self.access_key.clone());
        fields.extend(self.token.clone().map(|token| ("SecurityToken", token)));
        fields.extend(self.channel.clone().map(|channel| ("OnsChannel", channel)));
        let mut signed = hmac::Context::with_key(&self.key);
        fields.values().for_each(|value| signed.update(value.as_bytes()));
        fields.insert("Signature", BASE64_STANDARD.encode(signed.sign()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_signed_as_a_broker_checks_it() {
        let mut fields =
            Fields::from([("topic", "s7_basic".to_owned()), ("queueId", "0".to_owned())]);
        Signer::new("labroot", "labroot-secret", None, None).sign(&mut fields);
        assert_eq!(fields["Signature"], "A0SKN35HMoiuR0XvjFyaty4LgoE=");
        assert!(!format!("{:?}", Signer::new("a", "hidden", None, None)).contains("hidden"));
    }
}

//! The envelope: a length, the kind and length of a header, the header, a body.
//!
//! A header is JSON, or a layout of its own that brokers may be set to answer in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::input::Input;
use super::super::{Broken, BrokenKind};

/// The bit of a reply in `flag`.
const REPLY: i32 = 1;

/// The protocol's version that questions name; brokers speak to older clients in older forms.
const VERSION: i32 = 399;

/// A question.
#[derive(Debug, Serialize)]
pub(crate) struct Request<'a> {
    code: i32,
    flag: i32,
    language: &'static str,
    opaque: i32,
    #[serde(rename = "serializeTypeCurrentRPC")]
    header: &'static str,
    version: i32,
    #[serde(rename = "extFields")]
    fields: &'a BTreeMap<&'static str, String>,
}

impl<'a> Request<'a> {
    /// A question of a kind; its answer names the same `opaque`.
    pub(crate) fn new(code: i32, opaque: i32, fields: &'a BTreeMap<&'static str, String>) -> Self {
        let (language, header) = ("OTHER", "JSON");
        Self { code, flag: 0, language, opaque, header, version: VERSION, fields }
    }

    /// The frame.
    ///
    /// # Errors
    /// For one that is longer than a length can say.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Broken> {
        let wrong = |reason: String| Broken::corrupt("request", reason);
        let header = serde_json::to_vec(self).map_err(|e| wrong(e.to_string()))?;
        let length = u32::try_from(header.len()).ok().filter(|length| *length < 1 << 24);
        let length = length.ok_or_else(|| wrong("is too long".to_owned()))?;
        let mut frame = Vec::with_capacity(header.len().saturating_add(8));
        frame.extend(length.saturating_add(4).to_be_bytes());
        frame.extend(length.to_be_bytes());
        frame.extend(header);
        Ok(frame)
    }
}

/// The header of an answer, or of what a server says unasked.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Header {
    /// 0 for success.
    pub(crate) code: i32,
    #[serde(default)]
    flag: i32,
    /// That of the question.
    pub(crate) opaque: i32,
    /// What is said beside the code.
    #[serde(default)]
    pub(crate) remark: Option<String>,
    #[serde(default, rename = "extFields")]
    fields: Option<BTreeMap<String, Option<String>>>,
}

impl Header {
    /// Whether it answers a question.
    pub(crate) fn is_reply(&self) -> bool {
        self.flag & REPLY != 0
    }

    /// A field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.as_ref()?.get(name)?.as_deref()
    }

    /// A field that is a number.
    ///
    /// # Errors
    /// When it is not there or none.
    pub(crate) fn number(&self, name: &str) -> Result<i64, Broken> {
        let wrong = || Broken::corrupt("reply", format!("has no number `{name}`"));
        self.field(name).and_then(|text| text.parse().ok()).ok_or_else(wrong)
    }
}

/// Header and body of a frame, without its first length.
///
/// # Errors
/// For bytes that are no frame.
pub(crate) fn decode(frame: &[u8]) -> Result<(Header, &[u8]), Broken> {
    let short = || Broken::short("frame");
    let mut input = Input::new(frame);
    let word = input.u32().ok_or_else(short)?;
    let length = usize::try_from(word & 0x00ff_ffff).map_err(|_| short())?;
    let header = input.take(length).ok_or_else(short)?;
    let header = match word >> 24 {
        0 => serde_json::from_slice(header)
            .map_err(|e| Broken::corrupt("frame", format!("has a header that is no JSON: {e}")))?,
        1 => binary(header).ok_or_else(|| Broken::short("header"))?,
        kind => {
            let reason = format!("has a header of kind {kind}, which is not known");
            return Err(Broken {
                kind: BrokenKind::Unsupported,
                ..Broken::corrupt("frame", reason)
            });
        }
    };
    Ok((header, input.rest()))
}

/// A header in the layout that is not JSON.
fn binary(bytes: &[u8]) -> Option<Header> {
    let mut input = Input::new(bytes);
    let code = i32::from(input.u16()?);
    let _language = input.u8()?;
    let _version = input.u16()?;
    let opaque = input.u32()?.cast_signed();
    let flag = input.u32()?.cast_signed();
    let length = input.length()?;
    let remark = text(input.take(length)?);
    let length = input.length()?;
    let mut map = Input::new(input.take(length)?);
    let mut fields = BTreeMap::new();
    while !map.is_empty() {
        let length = usize::from(map.u16()?);
        let name = text(map.take(length)?);
        let length = map.length()?;
        fields.insert(name, Some(text(map.take(length)?)));
    }
    let remark = Some(remark).filter(|remark| !remark.is_empty());
    Some(Header { code, flag, opaque, remark, fields: Some(fields) })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

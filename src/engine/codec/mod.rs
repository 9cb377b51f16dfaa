//! Physical plans as bytes: the envelope around the nodes of connectors, and who decodes which.
//!
//! DataFusion encodes its own nodes, and functions by their names; this module opens no node. A
//! plan is encoded before it runs: a dynamic filter travels with the value it has at that moment.

mod losses;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::bytes::{
    physical_plan_from_bytes_with_proto_converter, physical_plan_to_bytes_with_proto_converter,
};
use datafusion_proto::physical_plan::{
    DeduplicatingProtoConverter, PhysicalExtensionCodec, PhysicalProtoConverterExtension,
};
use prost::Message;

use super::error::from_datafusion;
use super::session_table::SessionScanCodec;
use super::state::Translated;
use crate::connectors::CONNECTORS;
use crate::error::{Error, Result};
use crate::spi::{DecodeContext, EncodeContext, NodeCodec};

type DfResult<T> = datafusion::common::Result<T>;

/// What every envelope begins with; the version follows in one byte.
const MAGIC: &[u8] = b"SLUICE";

/// Raised whenever an older engine would misread what a newer one writes.
const VERSION: u8 = 1;

/// What follows magic and version.
#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(bytes = "vec", tag = "2")]
    body: Vec<u8>,
}

/// The codec of every node that is not DataFusion's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlanCodec;

/// The codecs of all connectors, in the order of the list, and the engine's own.
fn nodes() -> impl Iterator<Item = &'static dyn NodeCodec> {
    let own: &[&dyn NodeCodec] = &[&SessionScanCodec];
    CONNECTORS.iter().flat_map(|connector| connector.nodes()).chain(own).copied()
}

impl PhysicalExtensionCodec for PlanCodec {
    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buffer: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> DfResult<()> {
        let context = EncodeContext::new(self, converter);
        for codec in nodes() {
            if let Some(body) = codec.encode(&node, &context)? {
                buffer.extend_from_slice(MAGIC);
                buffer.push(VERSION);
                let envelope = Envelope { kind: codec.kind().to_owned(), body };
                buffer.extend_from_slice(&envelope.encode_to_vec());
                return Ok(());
            }
        }
        Err(Error::unsupported(format!("{} has no codec", node.name())).into())
    }

    fn try_decode(
        &self,
        buffer: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        task: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        let envelope = open(buffer)?;
        let codec = nodes().find(|codec| codec.kind() == envelope.kind).ok_or_else(|| {
            Error::unsupported(format!(
                "the plan has a node of kind `{}`, which this engine does not know",
                envelope.kind
            ))
            .with_hint("run the same version of Sluice everywhere")
        })?;
        if !inputs.is_empty() {
            let kind = envelope.kind;
            return Err(Error::corrupt(format!("the plan has a leaf `{kind}` with inputs")).into());
        }
        codec.decode(&envelope.body, &DecodeContext::new(task, self, converter))
    }
}

/// Takes magic and version off.
fn open(bytes: &[u8]) -> Result<Envelope> {
    let corrupt = || Error::corrupt("the plan has a node that no engine of ours has written");
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(corrupt)?;
    let (version, rest) = rest.split_first().ok_or_else(corrupt)?;
    if *version != VERSION {
        return Err(Error::unsupported(format!(
            "the plan was made by envelope version {version}, this engine reads {VERSION}"
        ))
        .with_hint("run the same version of Sluice everywhere"));
    }
    Envelope::decode(rest).map_err(|e| corrupt().with_source(e))
}

/// The bytes of a plan that has not run yet.
///
/// # Errors
/// `Unsupported`, naming the node that has none, or would come back as another one.
pub(super) fn encode(plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
    if let Some((node, what)) = losses::find(plan) {
        return Err(Error::unsupported(format!(
            "a plan with {node} cannot leave its process: {what} would be lost"
        )));
    }
    bytes_of(plan).map_err(|reason| {
        let node = unencodable(plan).unwrap_or_else(|| plan.name().to_owned());
        Error::unsupported(format!("a plan with {node} cannot leave its process"))
            .with_source(reason)
    })
}

fn bytes_of(plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
    // The default converter would write a filter that two nodes share twice: the answers would
    // stay right, and nothing would be skipped any more.
    let converter = DeduplicatingProtoConverter {};
    physical_plan_to_bytes_with_proto_converter(Arc::clone(plan), &PlanCodec, &converter)
        .map(|bytes| bytes.to_vec())
        .map_err(from_datafusion)
}

/// The deepest node that has no bytes, found by trial: DataFusion's own error is a dump of it.
fn unencodable(plan: &Arc<dyn ExecutionPlan>) -> Option<String> {
    plan.children()
        .into_iter()
        .find_map(unencodable)
        .or_else(|| bytes_of(plan).is_err().then(|| plan.name().to_owned()))
}

/// The plan again, to run under `task`.
///
/// # Errors
/// `Unsupported` for the plan of another version, `Corrupt` for bytes that are no plan.
pub(super) fn decode(bytes: &[u8], task: &TaskContext) -> Result<Arc<dyn ExecutionPlan>> {
    let converter = DeduplicatingProtoConverter {};
    physical_plan_from_bytes_with_proto_converter(bytes, task, &PlanCodec, &converter).translated()
}

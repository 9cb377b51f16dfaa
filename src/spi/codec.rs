//! How a connector's plan nodes become bytes and come back, in another process if need be.
//!
//! A connector writes one [`NodeCodec`] for each of its nodes; the envelope around the bytes, with
//! its version and the node's kind, is the engine's business. All errors are DataFusion's, as it is
//! DataFusion that calls while it encodes or decodes the plan around the node.

use std::fmt::{self, Debug};
use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{
    PhysicalExtensionCodec, PhysicalPlanDecodeContext, PhysicalProtoConverterExtension,
};
use datafusion_proto::protobuf::PhysicalExprNode;
use prost::Message;

/// Turns one kind of leaf, a plan node without inputs, into bytes and back.
///
/// A node's bytes hold splits and a recipe, never a client or a credential: whoever runs the
/// decoded node opens what it needs from the [`TaskContext`] then.
pub trait NodeCodec: Debug + Send + Sync {
    /// The name in the envelope; stays the same for ever.
    fn kind(&self) -> &'static str;

    /// The node's bytes, or `None` when the node is not of this kind.
    ///
    /// # Errors
    /// When a part of the node has no bytes, such as an expression of another library.
    fn encode(
        &self,
        node: &Arc<dyn ExecutionPlan>,
        context: &EncodeContext<'_>,
    ) -> Result<Option<Vec<u8>>>;

    /// The node again.
    ///
    /// # Errors
    /// `Corrupt` for bytes that [`encode`](Self::encode) does not write.
    fn decode(&self, bytes: &[u8], context: &DecodeContext<'_>) -> Result<Arc<dyn ExecutionPlan>>;
}

/// What a node needs to encode what it holds.
pub struct EncodeContext<'a> {
    codec: &'a dyn PhysicalExtensionCodec,
    converter: &'a dyn PhysicalProtoConverterExtension,
}

impl Debug for EncodeContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodeContext").field("codec", &self.codec).finish_non_exhaustive()
    }
}

impl<'a> EncodeContext<'a> {
    /// The context of one encoding.
    pub fn new(
        codec: &'a dyn PhysicalExtensionCodec,
        converter: &'a dyn PhysicalProtoConverterExtension,
    ) -> Self {
        Self { codec, converter }
    }

    /// An expression's bytes. The converter marks expressions that several nodes share: a dynamic
    /// filter is filled by a join or a sort and read by a leaf, and stays one object only so.
    ///
    /// # Errors
    /// When the expression has none.
    pub fn expression(&self, expression: &Arc<dyn PhysicalExpr>) -> Result<Vec<u8>> {
        let message = self.converter.physical_expr_to_proto(expression, self.codec)?;
        Ok(message.encode_to_vec())
    }
}

/// What a node needs to become a node again.
pub struct DecodeContext<'a> {
    task: &'a TaskContext,
    codec: &'a dyn PhysicalExtensionCodec,
    converter: &'a dyn PhysicalProtoConverterExtension,
}

impl Debug for DecodeContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeContext").field("codec", &self.codec).finish_non_exhaustive()
    }
}

impl<'a> DecodeContext<'a> {
    /// The context of one decoding.
    pub fn new(
        task: &'a TaskContext,
        codec: &'a dyn PhysicalExtensionCodec,
        converter: &'a dyn PhysicalProtoConverterExtension,
    ) -> Self {
        Self { task, codec, converter }
    }

    /// Where the plan is decoded: its functions, its settings.
    pub fn task(&self) -> &TaskContext {
        self.task
    }

    /// The expression of some bytes, over the columns of `schema`.
    ///
    /// # Errors
    /// When the bytes are none, or name a function that is not known here.
    pub fn expression(&self, bytes: &[u8], schema: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
        let message =
            PhysicalExprNode::decode(bytes).map_err(|e| DataFusionError::External(Box::new(e)))?;
        let context = PhysicalPlanDecodeContext::new(self.task, self.codec);
        self.converter.proto_to_physical_expr(&message, schema, &context)
    }
}

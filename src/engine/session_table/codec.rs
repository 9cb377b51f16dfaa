//! The scan of a session's table as bytes: its rows travel, as no other engine has them.

use std::sync::Arc;

use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::common::{DataFusionError, Result};
use datafusion::physical_plan::ExecutionPlan;
use prost::Message;

use super::scan::SessionScan;
use super::{Held, Piece};
use crate::error::Error;
use crate::spi::{DecodeContext, EncodeContext, NodeCodec};

/// The codec of [`SessionScan`].
#[derive(Debug)]
pub(in super::super) struct SessionScanCodec;

#[derive(Clone, PartialEq, Message)]
struct ScanMessage {
    /// An Arrow stream for each piece, of the projected columns.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pieces: Vec<Vec<u8>>,
    /// A stream of the schema alone: there may be no piece.
    #[prost(bytes = "vec", tag = "2")]
    schema: Vec<u8>,
}

impl NodeCodec for SessionScanCodec {
    fn kind(&self) -> &'static str {
        "session.scan"
    }

    fn encode(
        &self,
        node: &Arc<dyn ExecutionPlan>,
        _: &EncodeContext<'_>,
    ) -> Result<Option<Vec<u8>>> {
        let Some(scan) = node.downcast_ref::<SessionScan>() else { return Ok(None) };
        let schema = scan.schema();
        let mut pieces = Vec::with_capacity(scan.pieces.len());
        for piece in &scan.pieces {
            let Held::Memory(batches) = &piece.held else {
                let why = "a session's table in the spill folder stays with its session";
                return Err(Error::unsupported(why).into());
            };
            let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
            for batch in batches {
                match &scan.projection {
                    Some(columns) => writer.write(&batch.project(columns)?)?,
                    None => writer.write(batch)?,
                }
            }
            pieces.push(writer.into_inner()?);
        }
        let schema = StreamWriter::try_new(Vec::new(), &schema)?.into_inner()?;
        Ok(Some(ScanMessage { pieces, schema }.encode_to_vec()))
    }

    fn decode(&self, bytes: &[u8], _: &DecodeContext<'_>) -> Result<Arc<dyn ExecutionPlan>> {
        let message = ScanMessage::decode(bytes).map_err(|e| {
            Error::corrupt("the rows of a session's table cannot be decoded").with_source(e)
        })?;
        let schema = StreamReader::try_new(message.schema.as_slice(), None)?.schema();
        let pieces = message.pieces.iter().map(|piece| {
            let batches = StreamReader::try_new(piece.as_slice(), None)?;
            let batches = batches.collect::<Result<Vec<_>, _>>()?;
            let rows = batches.iter().map(|batch| batch.num_rows()).sum();
            Ok::<_, DataFusionError>(Arc::new(Piece { rows, held: Held::Memory(batches) }))
        });
        let pieces = pieces.collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(SessionScan::try_new(&schema, pieces, None)?))
    }
}

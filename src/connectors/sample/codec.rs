//! The scan of the sample connector as bytes: its ranges, nothing else.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::physical_plan::ExecutionPlan;
use prost::Message;

use super::scan::SampleScan;
use super::table::Half;
use crate::error::Error;
use crate::spi::{DecodeContext, EncodeContext, NodeCodec, TableLimits};

/// The codec of [`SampleScan`].
#[derive(Debug)]
pub(super) struct SampleScanCodec;

#[derive(Clone, PartialEq, Message)]
struct ScanMessage {
    #[prost(message, repeated, tag = "1")]
    splits: Vec<RangeMessage>,
    #[prost(bool, tag = "2")]
    bad: bool,
    #[prost(uint64, repeated, tag = "3")]
    projection: Vec<u64>,
    #[prost(uint64, optional, tag = "4")]
    fetch: Option<u64>,
    #[prost(string, tag = "5")]
    label: String,
    #[prost(uint64, optional, tag = "6")]
    max_scan_bytes: Option<u64>,
    #[prost(uint64, optional, tag = "7")]
    max_scan_records: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct RangeMessage {
    #[prost(uint64, tag = "1")]
    start: u64,
    #[prost(uint64, tag = "2")]
    end: u64,
}

impl NodeCodec for SampleScanCodec {
    fn kind(&self) -> &'static str {
        "sample.scan"
    }

    fn encode(
        &self,
        node: &Arc<dyn ExecutionPlan>,
        _: &EncodeContext<'_>,
    ) -> Result<Option<Vec<u8>>> {
        let Some(scan) = node.downcast_ref::<SampleScan>() else { return Ok(None) };
        let splits = scan.splits.iter();
        let message = ScanMessage {
            splits: splits
                .map(|range| RangeMessage { start: range.start, end: range.end })
                .collect(),
            bad: scan.half == Half::Bad,
            projection: scan.projection.iter().map(|index| *index as u64).collect(),
            fetch: scan.fetch.map(|fetch| fetch as u64),
            label: scan.label.clone(),
            max_scan_bytes: scan.limits.bytes,
            max_scan_records: scan.limits.records,
        };
        Ok(Some(message.encode_to_vec()))
    }

    fn decode(&self, bytes: &[u8], _: &DecodeContext<'_>) -> Result<Arc<dyn ExecutionPlan>> {
        let message = ScanMessage::decode(bytes)
            .map_err(|e| Error::corrupt("a sample scan cannot be decoded").with_source(e))?;
        let index = |index: u64| usize::try_from(index).unwrap_or(usize::MAX);
        let scan = SampleScan::try_new(
            message.label,
            message.splits.into_iter().map(|range| range.start..range.end).collect(),
            if message.bad { Half::Bad } else { Half::Good },
            Some(message.projection.into_iter().map(index).collect()),
            message.fetch.map(index),
        )?;
        let (bytes, records) = (message.max_scan_bytes, message.max_scan_records);
        Ok(Arc::new(scan.with_limits(TableLimits { bytes, records })))
    }
}

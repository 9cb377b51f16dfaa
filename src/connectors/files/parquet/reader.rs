//! Bytes of Parquet files for DataFusion's reader: our footers, and only the pinned content.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_datasource::PartitionedFile;
use datafusion_datasource_parquet::{ParquetFileMetrics, ParquetFileReaderFactory};
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::{ObjectMeta, ObjectStore};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ParquetMetaData;

use super::footer::FooterCache;
use crate::spi::StoreUrl;

/// Makes the readers of one scan. It lives as long as the scan runs, never in a plan.
#[derive(Debug)]
pub(super) struct FooterReaders {
    store: Arc<dyn ObjectStore>,
    metered: Arc<dyn ObjectStore>,
    url: StoreUrl,
    cache: Arc<FooterCache>,
}

impl FooterReaders {
    /// Readers over a store with the engine's footers; all else is read through `metered`.
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        metered: Arc<dyn ObjectStore>,
        url: StoreUrl,
        cache: Arc<FooterCache>,
    ) -> Self {
        Self { store, metered, url, cache }
    }
}

impl ParquetFileReaderFactory for FooterReaders {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        _: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> datafusion::common::Result<Box<dyn AsyncFileReader + Send>> {
        let location = file.object_meta.location.as_ref();
        Ok(Box::new(Reader {
            metrics: ParquetFileMetrics::new(partition, location, metrics),
            store: Arc::clone(&self.store),
            metered: Arc::clone(&self.metered),
            url: self.url.clone(),
            cache: Arc::clone(&self.cache),
            file: file.object_meta,
        }))
    }
}

struct Reader {
    metrics: ParquetFileMetrics,
    store: Arc<dyn ObjectStore>,
    metered: Arc<dyn ObjectStore>,
    url: StoreUrl,
    cache: Arc<FooterCache>,
    file: ObjectMeta,
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        async move {
            let ranges = self.get_byte_ranges(vec![range]).await?;
            ranges.into_iter().next().ok_or_else(|| ParquetError::EOF("no bytes".to_owned()))
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        let asked: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        self.metrics.bytes_scanned.add(usize::try_from(asked).unwrap_or(usize::MAX));
        async move {
            self.metered
                .get_ranges(&self.file.location, &ranges)
                .await
                .map_err(|e| ParquetError::External(Box::new(e)))
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        async move {
            let outer = self.file.location.to_string();
            self.cache
                .get(&self.store, &self.url, &self.file, &outer)
                .await
                .map_err(|e| ParquetError::External(Box::new(e)))
        }
        .boxed()
    }
}

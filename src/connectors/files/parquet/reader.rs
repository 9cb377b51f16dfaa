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
use parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};

use super::footer::FooterCache;
use crate::spi::StoreUrl;

/// Makes the readers of one scan. It lives as long as the scan runs, never in a plan.
#[derive(Debug)]
pub(super) struct FooterReaders {
    store: Arc<dyn ObjectStore>,
    metered: Arc<dyn ObjectStore>,
    url: StoreUrl,
    cache: Arc<FooterCache>,
    page_index: bool,
}

impl FooterReaders {
    /// Readers over a store with the engine's footers; all else is read through `metered`. With
    /// `page_index`, which only a scan with a filter has a use for, the index of pages is read and
    /// kept with the footers.
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        metered: Arc<dyn ObjectStore>,
        url: StoreUrl,
        cache: Arc<FooterCache>,
        page_index: bool,
    ) -> Self {
        Self { store, metered, url, cache, page_index }
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
            page_index: self.page_index,
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
    page_index: bool,
}

impl Reader {
    async fn footer(&mut self) -> Result<Arc<ParquetMetaData>> {
        let outer = self.file.location.to_string();
        let footer = self.cache.get(&self.store, &self.url, &self.file, &outer).await;
        let footer = footer.map_err(|e| ParquetError::External(Box::new(e)))?;
        let there = footer.column_index().is_some() && footer.offset_index().is_some();
        if !self.page_index || there || !has_page_index(&footer) {
            return Ok(footer);
        }
        // The stock reader would do this too, but for every range of a file and every statement.
        let mut reader = ParquetMetaDataReader::new_with_metadata(footer.as_ref().clone())
            .with_page_index_policy(PageIndexPolicy::Optional);
        reader.load_page_index(&mut *self).await?;
        let footer = Arc::new(reader.finish()?);
        self.cache.keep_indexed(&self.url, &self.file, &footer);
        Ok(footer)
    }
}

/// Whether the file's writer wrote an index of pages.
fn has_page_index(footer: &ParquetMetaData) -> bool {
    let mut columns = footer.row_groups().iter().flat_map(RowGroupMetaData::columns);
    columns.any(|column| column.column_index_offset().is_some())
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
        self.footer().boxed()
    }
}

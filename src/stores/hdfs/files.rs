//! The store over HDFS.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload,
    ListResult, MultipartUpload, OBJECT_STORE_COALESCE_DEFAULT, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, RenameTargetMode,
    Result, coalesce_ranges,
};

use super::client::LazyClient;
use super::error::missing;
use super::opened::{OpenFiles, Opened, grown_from, of_hdfs, status};
use super::upload::{HdfsUpload, missing_folders, move_file};
use super::{listing, reading};

/// How many files are removed at once.
const REMOVED: usize = 8;

/// The permissions of folders that a rename makes; the cluster takes its mask from them.
const FOLDER: u32 = 0o755;

/// The files of one cluster.
#[derive(Debug)]
pub(super) struct HdfsFiles {
    client: Arc<LazyClient>,
    opened: Arc<OpenFiles>,
}

impl HdfsFiles {
    pub(super) fn new(client: Arc<LazyClient>) -> Self {
        Self { client, opened: Arc::default() }
    }

    /// The content that the options ask for. Who names a content that is kept costs no request.
    async fn open(&self, location: &Path, options: &GetOptions) -> Result<Opened> {
        if let Some(tag) = &options.if_match
            && !options.head
            && let Some(file) = self.opened.kept(location, tag)
        {
            return Ok(file);
        }
        let status = status(&self.client, location).await?;
        let mut file = self.opened.open(&self.client, location, &status).await?;
        if let Some(tag) = &options.if_match
            && let Some(beginning) = grown_from(&file.meta, tag)
        {
            file.meta = beginning;
        }
        Ok(file)
    }

    fn read(&self, file: Opened, range: Range<u64>) -> BoxStream<'static, Result<Bytes>> {
        reading::read(Arc::clone(&self.client), Arc::clone(&self.opened), file, range)
    }

    async fn make_parent(&self, target: &str) -> Result<()> {
        let (parent, _) = target.rsplit_once('/').unwrap_or_default();
        let client = self.client.get().await?;
        let failed = |e| self.client.failed(target, e);
        if missing_folders(client, parent).await.map_err(failed)?.is_empty() {
            return Ok(());
        }
        client.mkdirs(parent, FOLDER, true).await.map_err(failed)
    }
}

impl fmt::Display for HdfsFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.client.told())
    }
}

#[async_trait]
impl ObjectStore for HdfsFiles {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let replace = match options.mode {
            PutMode::Overwrite => true,
            PutMode::Create => false,
            // A rename cannot look at what it replaces.
            PutMode::Update(_) => {
                return Err(object_store::Error::NotImplemented {
                    operation: "put_opts with PutMode::Update".to_owned(),
                    implementer: self.to_string(),
                });
            }
        };
        let mut upload = HdfsUpload::begin(Arc::clone(&self.client), location).await?;
        upload.put_part(payload).await?;
        upload.finish(replace).await?;
        self.opened.forget(location);
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(HdfsUpload::begin(Arc::clone(&self.client), location).await?))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            let status = status(&self.client, location).await?;
            let meta = self.opened.listed(&self.client, location, &status).await?;
            options.check_preconditions(&meta)?;
            let (range, attributes) = (0..meta.size, Attributes::default());
            let payload = GetResultPayload::Stream(futures::stream::empty().boxed());
            return Ok(GetResult { payload, meta, range, attributes });
        }
        let file = self.open(location, &options).await?;
        options.check_preconditions(&file.meta)?;
        let range = match options.range {
            Some(range) => within(&range, file.meta.size)?,
            None => 0..file.meta.size,
        };
        let meta = file.meta.clone();
        let payload = GetResultPayload::Stream(self.read(file, range.clone()));
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let file = self.open(location, &GetOptions::default()).await?;
        let ranges: Vec<Range<u64>> = ranges
            .iter()
            .map(|range| within(&GetRange::Bounded(range.clone()), file.meta.size))
            .collect::<Result<_>>()?;
        let get = async |range: Range<u64>| {
            let length = usize::try_from(range.end - range.start).unwrap_or_default();
            let mut parts = self.read(file.clone(), range);
            let first = parts.try_next().await?.unwrap_or_default();
            if first.len() == length {
                return Ok(first);
            }
            let mut whole = Vec::with_capacity(length);
            whole.extend_from_slice(&first);
            while let Some(part) = parts.try_next().await? {
                whole.extend_from_slice(&part);
            }
            Ok::<_, object_store::Error>(whole.into())
        };
        coalesce_ranges(&ranges, get, OBJECT_STORE_COALESCE_DEFAULT).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let (client, opened) = (Arc::clone(&self.client), Arc::clone(&self.opened));
        let remove = move |location: Result<Path>| {
            let (client, opened) = (Arc::clone(&client), Arc::clone(&opened));
            async move {
                let location = location?;
                let path = of_hdfs(&location);
                opened.forget(&location);
                let removed = client.get().await?.delete(&path, false).await;
                match removed.map_err(|e| client.failed(&path, e))? {
                    true => Ok(location),
                    false => Err(missing(&client.outer(&path))),
                }
            }
        };
        locations.map(remove).buffered(REMOVED).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        listing::below(Arc::clone(&self.client), Arc::clone(&self.opened), prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        listing::level(Arc::clone(&self.client), Arc::clone(&self.opened), prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let replace = match options.mode {
            CopyMode::Overwrite => true,
            CopyMode::Create => false,
        };
        // HDFS copies nothing by itself: the bytes come here and go back.
        let file = self.open(from, &GetOptions::default()).await?;
        let whole = 0..file.meta.size;
        let mut upload = HdfsUpload::begin(Arc::clone(&self.client), to).await?;
        let mut parts = self.read(file, whole);
        while let Some(part) = parts.try_next().await? {
            upload.put_part(part.into()).await?;
        }
        upload.finish(replace).await?;
        self.opened.forget(to);
        Ok(())
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let replace = match options.target_mode {
            RenameTargetMode::Overwrite => true,
            RenameTargetMode::Create => false,
        };
        let (from_path, to_path) = (of_hdfs(from), of_hdfs(to));
        let size = status(&self.client, from).await?.length as u64;
        self.make_parent(&to_path).await?;
        self.opened.forget(from);
        self.opened.forget(to);
        move_file(&self.client, &from_path, &to_path, replace, Some(size)).await
    }
}

/// What of a file of `size` bytes is asked for.
fn within(range: &GetRange, size: u64) -> Result<Range<u64>> {
    range
        .as_range(size)
        .map_err(|e| object_store::Error::Generic { store: "hdfs", source: Box::new(e) })
}

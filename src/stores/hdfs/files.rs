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
    ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, PutResult, RenameOptions, RenameTargetMode, Result,
};

use super::client::LazyClient;
use super::error::{Failed, missing};
use super::opened::{OpenFiles, Opened, grown_from, of_hdfs, status};
use super::upload::{HdfsUpload, missing_folders, move_file};
use super::{listing, reading};
use crate::spi::StoreCalls;

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

    fn read(
        &self,
        file: &Opened,
        range: Range<u64>,
        calls: Arc<StoreCalls>,
    ) -> BoxStream<'static, Result<Bytes>> {
        reading::read(Arc::clone(&self.client), Arc::clone(&self.opened), file, range, calls)
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
        let calls = StoreCalls::of(&options);
        if options.head {
            calls.head();
            let status = status(&self.client, location).await?;
            let meta = self.opened.listed(&self.client, location, &status).await?;
            options.check_preconditions(&meta)?;
            let (range, attributes) = (0..meta.size, Attributes::default());
            let payload = GetResultPayload::Stream(futures::stream::empty().boxed());
            return Ok(GetResult { payload, meta, range, attributes });
        }
        calls.get();
        let file = self.open(location, &options).await?;
        options.check_preconditions(&file.meta)?;
        let range = match options.range {
            Some(range) => within(&range, file.meta.size)?,
            None => 0..file.meta.size,
        };
        let payload = GetResultPayload::Stream(self.read(&file, range.clone(), calls));
        Ok(GetResult { payload, meta: file.meta, range, attributes: Attributes::default() })
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
        let (wanted, mut got) = (file.meta.size, 0);
        let mut upload = HdfsUpload::begin(Arc::clone(&self.client), to).await?;
        let mut parts = self.read(&file, 0..wanted, Arc::default());
        while let Some(part) = parts.try_next().await? {
            got += part.len() as u64;
            upload.put_part(part.into()).await?;
        }
        if got != wanted {
            return Err(self.client.failed(&of_hdfs(from), Failed::Length { wanted, got }));
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

//! Blocks of objects as files of a folder, the least used of which go when there are too many.
//!
//! A file is written beside its place and moved there, so that processes that share the folder see all
//! of it or nothing; and it holds a checksum over its bytes, its place in the object and the content's
//! name, so that what is not what it says is found, deleted and read from the store again.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use object_store::ObjectMeta;
use object_store::path::Path;
use sha2::{Digest, Sha256};

/// The bytes of a block but the last of an object.
pub(super) const BLOCK: u64 = 256 * 1024;

/// What a file begins with: the format's name, and its version.
const MAGIC: &[u8; 8] = b"sluice\0\x01";

/// Magic, size of the object, its time in nanoseconds, length of the block, checksum.
const HEAD: usize = 8 + 8 + 8 + 4 + 4;

/// The folder's files are counted anew after so much of its size was written: 1 / 16.
const RECOUNT: u64 = 16;

/// The use of a file is noted so often.
const NOTED: Duration = Duration::from_secs(60);

/// A file beside its place that is older is of a process that died.
const DEAD: Duration = Duration::from_secs(3600);

/// The content of an object, by who may read it.
#[derive(Clone, Debug)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn new(space: &str, path: &str, tag: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [space, path, tag] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    fn place(&self, folder: &FilePath, block: u64) -> PathBuf {
        let name: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let (above, name) = name.split_at(2);
        folder.join(above).join(format!("{name}-{block:x}"))
    }
}

/// A block, with what its object is.
#[derive(Debug)]
pub(super) struct Block {
    /// The object's size.
    pub(super) size: u64,
    modified: i64,
    /// The bytes.
    pub(super) bytes: Bytes,
}

impl Block {
    /// Bytes of an object.
    pub(super) fn new(object: &ObjectMeta, bytes: Bytes) -> Self {
        let modified = object.last_modified.timestamp_nanos_opt().unwrap_or_default();
        Self { size: object.size, modified, bytes }
    }

    /// What its object is.
    pub(super) fn meta(&self, location: &Path, tag: &str) -> ObjectMeta {
        ObjectMeta {
            location: location.clone(),
            last_modified: DateTime::<Utc>::from_timestamp_nanos(self.modified),
            size: self.size,
            e_tag: Some(tag.to_owned()),
            version: None,
        }
    }

    fn checksum(&self, key: &Key, block: u64) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        sum.update(&key.0);
        for number in [block, self.size, self.modified.cast_unsigned()] {
            sum.update(&number.to_le_bytes());
        }
        sum.update(&self.bytes);
        sum.finalize()
    }

    fn encode(&self, key: &Key, block: u64) -> Vec<u8> {
        let mut file = Vec::with_capacity(HEAD + self.bytes.len());
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(&self.size.to_le_bytes());
        file.extend_from_slice(&self.modified.to_le_bytes());
        let length = u32::try_from(self.bytes.len()).unwrap_or_default();
        file.extend_from_slice(&length.to_le_bytes());
        file.extend_from_slice(&self.checksum(key, block).to_le_bytes());
        file.extend_from_slice(&self.bytes);
        file
    }

    /// The block of a file; `None` for what is not all of it.
    fn decode(file: Vec<u8>, key: &Key, block: u64) -> Option<Self> {
        let file = Bytes::from(file);
        let (magic, rest) = file.split_first_chunk::<8>()?;
        let (size, rest) = rest.split_first_chunk::<8>()?;
        let (modified, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (sum, _) = rest.split_first_chunk::<4>()?;
        let size = u64::from_le_bytes(*size);
        let found =
            Self { size, modified: i64::from_le_bytes(*modified), bytes: file.slice(HEAD..) };
        let length = u64::from(u32::from_le_bytes(*length));
        let whole = length == BLOCK.min(size.checked_sub(block.checked_mul(BLOCK)?)?)
            && length == found.bytes.len() as u64
            && magic == MAGIC
            && u32::from_le_bytes(*sum) == found.checksum(key, block);
        whole.then_some(found)
    }
}

/// A folder of blocks.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    most: u64,
    // Off for the rest of the process, once it could not be written.
    off: AtomicBool,
    // Since the files were counted last; the first write counts them.
    written: AtomicU64,
    counting: AtomicBool,
    names: AtomicU64,
}

impl Disk {
    pub(super) fn new(folder: PathBuf, most: u64) -> Self {
        Self {
            folder,
            most,
            off: AtomicBool::new(false),
            written: AtomicU64::new(u64::MAX / 2),
            counting: AtomicBool::new(false),
            names: AtomicU64::new(0),
        }
    }

    /// Whether blocks are kept at all.
    pub(super) fn is_on(&self) -> bool {
        !self.off.load(Ordering::Relaxed)
    }

    /// A block, if it is there.
    pub(super) async fn read(self: Arc<Self>, key: &Key, block: u64) -> Option<Block> {
        if !self.is_on() {
            return None;
        }
        let (key, place) = (key.clone(), key.place(&self.folder, block));
        blocking(move || {
            let mut file = File::open(&place).ok()?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).ok()?;
            let found = Block::decode(bytes, &key, block);
            if found.is_none() {
                // Damaged: the store has it.
                let _ = fs::remove_file(&place);
            } else if is_older(&file, NOTED) {
                // Without it, only the order in which files go is another.
                let _ = File::options()
                    .append(true)
                    .open(&place)
                    .and_then(|file| file.set_modified(SystemTime::now()));
            }
            found
        })
        .await
        .flatten()
    }

    /// The end of the run of blocks from `first` to `end` of which none is there; the first is not.
    pub(super) async fn missing(self: Arc<Self>, key: &Key, first: u64, end: u64) -> u64 {
        let key = key.clone();
        let found = blocking(move || {
            let mut later = first + 1..end;
            later.find(|block| key.place(&self.folder, *block).exists())
        });
        found.await.flatten().unwrap_or(end.max(first + 1))
    }

    /// Keeps a block. The first time that fails, says why.
    pub(super) async fn write(
        self: Arc<Self>,
        key: &Key,
        block: u64,
        kept: Block,
    ) -> Option<String> {
        if !self.is_on() {
            return None;
        }
        let key = key.clone();
        let wrote = blocking(move || {
            let wrote = self.write_now(&key, block, &kept);
            let error = wrote.err()?;
            let is_first = !self.off.swap(true, Ordering::Relaxed);
            is_first.then(|| format!("{}: {error}", self.folder.display()))
        });
        wrote.await.flatten()
    }

    fn write_now(&self, key: &Key, block: u64, kept: &Block) -> io::Result<()> {
        let place = key.place(&self.folder, block);
        let above = place.parent().unwrap_or(&self.folder);
        create(above)?;
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        let beside = above.join(format!(".{}-{number}.new", std::process::id()));
        let bytes = kept.encode(key, block);
        let written = new_file(&beside)
            .and_then(|mut file| file.write_all(&bytes))
            .and_then(|()| fs::rename(&beside, &place));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written?;
        let length = bytes.len() as u64;
        let since = self.written.fetch_add(length, Ordering::Relaxed).saturating_add(length);
        if since > self.most / RECOUNT && !self.counting.swap(true, Ordering::Relaxed) {
            self.written.store(0, Ordering::Relaxed);
            self.make_room();
            self.counting.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Counts the files and deletes the least used, so that what is written until the next time has
    /// room. What other processes delete meanwhile is not there any more.
    fn make_room(&self) {
        let mut files = vec![];
        let mut total = 0;
        let folders = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for folder in folders {
            for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let Ok(about) = file.metadata() else { continue };
                let used = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                let is_beside = file.file_name().as_encoded_bytes().starts_with(b".");
                if is_beside && used.elapsed().is_ok_and(|age| age > DEAD) {
                    let _ = fs::remove_file(file.path());
                } else if !is_beside {
                    total += about.len();
                    files.push((used, about.len(), file.path()));
                }
            }
        }
        // Two processes may each write as much until they count again.
        let most = self.most - self.most / RECOUNT * 2;
        files.sort_unstable();
        for (_, length, file) in files {
            if total <= most {
                break;
            }
            if fs::remove_file(&file).is_ok() {
                total -= length;
            }
        }
    }
}

fn is_older(file: &File, age: Duration) -> bool {
    let used = file.metadata().and_then(|about| about.modified()).ok();
    used.and_then(|used| used.elapsed().ok()).is_some_and(|since| since > age)
}

/// Folders and files that only their owner reads.
fn create(folder: &FilePath) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn new_file(place: &FilePath) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(place)
}

/// Runs what waits for a disk; `None` if it panicked.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(bytes: usize, fill: u8) -> Block {
        Block { size: BLOCK + 100, modified: 7, bytes: vec![fill; bytes].into() }
    }

    fn disk(folder: &tempfile::TempDir, most: u64) -> Arc<Disk> {
        Arc::new(Disk::new(folder.path().join("cache"), most))
    }

    fn files(folder: &FilePath) -> Vec<PathBuf> {
        let below = fs::read_dir(folder).into_iter().flatten().flatten();
        let below = below.flat_map(|folder| fs::read_dir(folder.path()).unwrap().flatten());
        below.map(|file| file.path()).collect()
    }

    #[tokio::test]
    async fn a_damaged_file_or_one_of_another_place_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(&folder, 100 * BLOCK);
        let key = Key::new("s", "p", "t");
        assert!(Arc::clone(&disk).write(&key, 1, block(100, 1)).await.is_none());
        let place = key.place(&disk.folder, 1);
        let whole = fs::read(&place).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            fs::write(&place, &damaged).unwrap();
            assert!(Arc::clone(&disk).read(&key, 1).await.is_none(), "byte {at}");
            assert!(!place.exists());
        }
        for length in 0..whole.len() {
            fs::write(&place, &whole[..length]).unwrap();
            assert!(Arc::clone(&disk).read(&key, 1).await.is_none(), "{length} bytes");
        }
        for (other, number) in
            [(&key, 0), (&Key::new("s", "p", "u"), 1), (&Key::new("sp", "", "t"), 1)]
        {
            create(other.place(&disk.folder, number).parent().unwrap()).unwrap();
            fs::write(other.place(&disk.folder, number), &whole).unwrap();
            assert!(Arc::clone(&disk).read(other, number).await.is_none());
        }
        fs::write(&place, &whole).unwrap();
        let found = Arc::clone(&disk).read(&key, 1).await.unwrap();
        assert_eq!((found.bytes.len(), found.size), (100, BLOCK + 100));
    }

    #[tokio::test]
    async fn the_least_used_go_and_the_folder_keeps_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let most = 64 * (BLOCK + HEAD as u64);
        // As of two processes.
        let disks = [disk(&folder, most), disk(&folder, most)];
        let keys: Vec<_> =
            (0..200).map(|number| Key::new("s", &format!("p{number}"), "t")).collect();
        for (number, key) in keys.iter().enumerate() {
            let kept = block(usize::try_from(BLOCK).unwrap(), 2);
            assert!(Arc::clone(&disks[number % 2]).write(key, 0, kept).await.is_none());
            // The first is used all the time.
            let first = keys[0].place(&disks[0].folder, 0);
            let file = File::options().append(true).open(first).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
            let total: u64 =
                files(&disks[0].folder).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
            assert!(total <= most, "{number}: {total}");
        }
        assert!(files(&disks[0].folder).len() > 40);
        assert!(Arc::clone(&disks[1]).read(&keys[0], 0).await.is_some());
        assert!(Arc::clone(&disks[1]).read(&keys[1], 0).await.is_none());
    }

    #[tokio::test]
    async fn a_folder_that_takes_nothing_is_told_of_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cache"), "a file").unwrap();
        let disk = disk(&folder, 100 * BLOCK);
        let key = Key::new("s", "p", "t");
        let fault = Arc::clone(&disk).write(&key, 1, block(100, 1)).await.unwrap();
        assert!(fault.contains("cache: "), "{fault}");
        assert!(Arc::clone(&disk).write(&key, 1, block(100, 1)).await.is_none());
        assert!(!disk.is_on());
    }
}

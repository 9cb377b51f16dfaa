//! Handles that clients are given, and what stands behind them: unguessable, limited in number,
//! gone after a while without use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::server::secret;

/// What stands behind the handles of one kind.
#[derive(Debug)]
pub(super) struct Handles<T> {
    most: usize,
    entries: Mutex<HashMap<String, Entry<T>>>,
}

#[derive(Debug)]
struct Entry<T> {
    item: Arc<T>,
    used: Instant,
}

impl<T> Handles<T> {
    /// Handles of which at most so many are held.
    pub(super) fn new(most: usize) -> Self {
        Self { most, entries: Mutex::default() }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry<T>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives out a handle. Beyond the limit the one that was not used for the longest time goes.
    ///
    /// # Errors
    /// `Unavailable` when the system gives no random numbers.
    pub(super) fn add(&self, item: T) -> Result<String> {
        let handle = secret::text()?;
        let mut entries = self.entries();
        if entries.len() >= self.most {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(oldest) = oldest.map(|(handle, _)| handle.clone()) {
                entries.remove(&oldest);
            }
        }
        entries.insert(handle.clone(), Entry { item: Arc::new(item), used: Instant::now() });
        Ok(handle)
    }

    /// Takes all handles back.
    pub(super) fn clear(&self) {
        let all = std::mem::take(&mut *self.entries());
        drop(all);
    }

    /// What stands behind a handle.
    pub(super) fn get(&self, handle: &[u8]) -> Option<Arc<T>> {
        let handle = std::str::from_utf8(handle).ok()?;
        let mut entries = self.entries();
        let entry = entries.get_mut(handle)?;
        entry.used = Instant::now();
        Some(Arc::clone(&entry.item))
    }

    /// Takes a handle back.
    pub(super) fn remove(&self, handle: &[u8]) -> Option<Arc<T>> {
        let handle = std::str::from_utf8(handle).ok()?;
        self.entries().remove(handle).map(|entry| entry.item)
    }

    /// Forgets what was not used for so long.
    pub(super) fn forget_idle(&self, idle: Duration) {
        self.entries().retain(|_, entry| entry.used.elapsed() < idle);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let handles = Handles::new(2);
        let first = handles.add(1).unwrap();
        let second = handles.add(2).unwrap();
        assert_eq!(handles.get(first.as_bytes()).as_deref(), Some(&1));
        handles.add(3).unwrap();
        assert_eq!(handles.len(), 2);
        assert!(handles.get(second.as_bytes()).is_none(), "the first one was used later");
    }

    #[test]
    fn bytes_that_are_no_handle_have_nothing_behind_them() {
        let handles = Handles::<u8>::new(2);
        handles.add(1).unwrap();
        assert!(handles.get(b"").is_none());
        assert!(handles.get(&[0xff, 0xfe]).is_none());
        assert!(handles.remove(b"nothing").is_none());
    }
}

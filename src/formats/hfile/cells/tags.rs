//! Tags that go by a dictionary: a tag that a block had before is told by its number.
//!
//! Source: `TagCompressionContext`, `LRUDictionary`
//! (<https://github.com/apache/hbase/blob/master/hbase-common/src/main/java/org/apache/hadoop/hbase/io/TagCompressionContext.java>).

use super::super::super::input::Input;

/// As many tags as a dictionary knows.
const CAPACITY: usize = 127;

/// The tags that a block had so far, and those of the current cell.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    // By their number.
    entries: Vec<Vec<u8>>,
    // Numbers, the least recently used first.
    by_use: Vec<usize>,
    output: Vec<u8>,
}

impl Dictionary {
    /// Forgets everything: a block knows nothing of the one before.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.by_use.clear();
        self.output.clear();
    }

    /// The tags of the current cell.
    pub(super) fn output(&self) -> &[u8] {
        &self.output
    }

    /// Reads tags that take `length` bytes when they are spelled out.
    pub(super) fn expand(&mut self, input: &mut Input<'_>, length: usize) -> Option<()> {
        self.output.clear();
        while self.output.len() < length {
            let status = input.u8()?;
            if status == 0xff {
                let size = input.compact()?;
                let tag = input.take(size)?;
                self.put(tag)?;
                if !tag.is_empty() {
                    self.add(tag.to_vec())?;
                }
            } else {
                let number = usize::from(u16::from_be_bytes([status, input.u8()?]));
                let tag = self.entries.get(number)?.clone();
                self.put(&tag)?;
                self.used(number);
            }
        }
        (self.output.len() == length).then_some(())
    }

    fn put(&mut self, tag: &[u8]) -> Option<()> {
        self.output.extend_from_slice(&u16::try_from(tag.len()).ok()?.to_be_bytes());
        self.output.extend_from_slice(tag);
        Some(())
    }

    fn add(&mut self, tag: Vec<u8>) -> Option<()> {
        // The writer asks the dictionary before it adds, so what it adds is new.
        if self.entries.len() < CAPACITY {
            self.by_use.push(self.entries.len());
            self.entries.push(tag);
        } else {
            let oldest = *self.by_use.first()?;
            *self.entries.get_mut(oldest)? = tag;
            self.used(oldest);
        }
        Some(())
    }

    fn used(&mut self, number: usize) {
        if let Some(at) = self.by_use.iter().position(|known| *known == number) {
            self.by_use.remove(at);
            self.by_use.push(number);
        }
    }
}

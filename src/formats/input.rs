//! Reading numbers off the front of a slice, in the forms that systems in Java write.
//!
//! Every method takes what it reads from the input and is `None` at its end, so that a parser is a
//! row of `?` and the caller names the structure once.

/// The bytes that are still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// All of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// How many bytes are left.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    /// One byte.
    #[inline]
    pub(super) fn u8(&mut self) -> Option<u8> {
        self.chunk::<1>().map(|[byte]| byte)
    }

    /// Two bytes, big-endian.
    #[inline]
    pub(super) fn u16(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_be_bytes)
    }

    /// Four bytes, big-endian.
    #[inline]
    pub(super) fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_be_bytes)
    }

    /// Four bytes, big-endian, as a length or count.
    #[inline]
    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }

    /// Eight bytes, big-endian.
    #[inline]
    pub(super) fn u64(&mut self) -> Option<u64> {
        self.chunk().map(u64::from_be_bytes)
    }

    /// Eight bytes, big-endian and signed.
    #[inline]
    pub(super) fn i64(&mut self) -> Option<i64> {
        self.chunk().map(i64::from_be_bytes)
    }

    /// Hadoop's `vlong`: one byte for −112 to 127, else a byte that says sign and length, and up to
    /// eight big-endian bytes
    /// (<https://github.com/apache/hadoop/blob/trunk/hadoop-common-project/hadoop-common/src/main/java/org/apache/hadoop/io/WritableUtils.java>).
    #[inline]
    pub(super) fn vlong(&mut self) -> Option<i64> {
        let first = self.chunk::<1>().map(i8::from_be_bytes)?;
        if first >= -112 {
            return Some(i64::from(first));
        }
        let (negative, count) = if first >= -120 {
            (false, (-112_i8).wrapping_sub(first))
        } else {
            (true, (-120_i8).wrapping_sub(first))
        };
        let bytes = self.take(usize::try_from(count).ok()?)?;
        let value = bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let value = value.cast_signed();
        Some(if negative { !value } else { value })
    }

    /// A `vlong` that is a length.
    #[inline]
    pub(super) fn vlength(&mut self) -> Option<usize> {
        usize::try_from(self.vlong()?).ok()
    }

    /// HBase's 7-bit form and protobuf's varint, for lengths below 2^32: groups of seven bits, the
    /// lowest first, the high bit set on all but the last.
    #[inline]
    pub(super) fn compact(&mut self) -> Option<usize> {
        let first = self.u8()?;
        if first < 0x80 {
            return Some(usize::from(first));
        }
        let mut value = u64::from(first & 0x7f);
        for group in 1..5_u32 {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << group.wrapping_mul(7);
            if byte < 0x80 {
                return usize::try_from(u32::try_from(value).ok()?).ok();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Input;

    #[test]
    fn vlongs_are_read_as_hadoop_writes_them() {
        for (bytes, value) in [
            (&[0x00_u8][..], 0),
            (&[0x7f], 127),
            (&[0x8f, 0x80], 128),
            (&[0x8f, 0xff], 255),
            (&[0xff], -1),
            (&[0x90], -112),
            (&[0x87, 0x70], -113),
            (&[0x8a, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00], 1_700_000_000_000),
        ] {
            let mut input = Input::new(bytes);
            assert_eq!(input.vlong(), Some(value));
            assert!(input.is_empty());
        }
        assert_eq!(Input::new(&[0x87]).vlong(), None);
    }

    #[test]
    fn a_length_of_more_than_32_bits_is_none() {
        assert_eq!(Input::new(&[0xff, 0xff, 0xff, 0xff, 0x0f]).compact(), Some(0xffff_ffff));
        assert_eq!(Input::new(&[0xff, 0xff, 0xff, 0xff, 0x1f]).compact(), None);
        assert_eq!(Input::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).compact(), None);
    }
}

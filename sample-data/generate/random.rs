//! A random number generator of our own, because the same seed must give the same files for ever.

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, and the same on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `low..high`.
    pub(crate) fn range(&mut self, low: i64, high: i64) -> i64 {
        let width = (high - low) as u128;
        low + ((u128::from(self.next()) * width) >> 64) as i64
    }

    /// True in `permille` of 1,000 cases.
    pub(crate) fn chance(&mut self, permille: i64) -> bool {
        self.range(0, 1_000) < permille
    }

    /// An index into `weights`, as often as its weight says.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = i64> + Clone) -> usize {
        let mut left = self.range(0, weights.clone().sum());
        for (index, weight) in weights.enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }
}

//! What live and text sources share: records turned into rows, with the bad ones kept apart.

pub mod decode;
pub mod tally;

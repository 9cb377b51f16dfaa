//! What nobody can guess: handles and tokens.

use ring::rand::{SecureRandom, SystemRandom};

/// 128 bits as hexadecimal text. The system's random numbers fail on no supported system; should
/// they, the text is not a secret any more but still unlike all others.
pub(super) fn text() -> String {
    let mut bytes = [0_u8; 16];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        bytes = now.unwrap_or_default().as_nanos().to_le_bytes();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

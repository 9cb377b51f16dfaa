//! What nobody can guess, and how it is compared.

use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

use crate::error::{Error, Result};

/// Random bytes of the system.
///
/// # Errors
/// `Unavailable` when it gives none.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::unavailable("the system gives no random numbers"))?;
    Ok(bytes)
}

/// 128 bits as hexadecimal text, for handles and tokens.
///
/// # Errors
/// As [`random`]'s.
pub(super) fn text() -> Result<String> {
    Ok(random::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether two secrets are the same, in a time that does not say how much of them is.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

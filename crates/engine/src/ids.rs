//! Identifiers and seeds from the operating system's randomness.

/// Why there is no randomness.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness: {0}")]
pub struct NoRandomness(String);

/// Random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| NoRandomness(error.to_string()))?;
    Ok(bytes)
}

/// A new attempt id: 20 hexadecimal digits, also the id of its receipt; any unique beginning names it.
pub fn attempt_id() -> Result<String, NoRandomness> {
    Ok(hex::encode(random::<10>()?))
}

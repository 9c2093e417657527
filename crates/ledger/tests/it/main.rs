//! What a verifier sees: receipts and logs as bytes, and the committed vectors of `spec/`.

mod fixture;
mod hostile;
mod logs;
mod vectors;

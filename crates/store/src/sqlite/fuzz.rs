//! Any bytes as what stands beside an entry in the database. How to look longer than the corpus: docs/internals/testing.md.

use super::packed::{pack, unpack};

#[test]
fn packed_values() {
    bolero::check!(name = "packed-values").with_iterations(0).for_each(|bytes: &[u8]| {
        let Some(rows) = unpack(bytes) else { return };
        assert_eq!(pack(&rows).as_deref(), Some(bytes), "what is unpacked is what was packed");
    });
}

//! Integration tests of the kernel.

/// A permit cannot be made, copied or spent twice outside the kernel.
#[test]
fn permits_cannot_be_forged_or_reused() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

// `cargo bolero` builds all tests of a package, and what measures coverage is linked with this.
use bolero as _;

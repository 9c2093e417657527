fn main() {
    let _ = lastlook_kernel::Permit::new(
        lastlook_canon::Digest::of("x", &[]),
        0,
        None,
        lastlook_kernel::Moment(0),
        Vec::new(),
    );
}

fn main() {
    let _ = lastlook_kernel::Permit {
        action: lastlook_canon::Digest::of("x", &[]),
        epoch: 0,
        looked_at: None,
        decided_on: lastlook_kernel::Moment(0),
        deadline: None,
        overridden: Vec::new(),
    };
}

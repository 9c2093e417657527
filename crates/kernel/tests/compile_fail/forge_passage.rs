fn main() {
    let _ = lastlook_kernel::Passage {
        action: lastlook_canon::Digest::of("x", &[]),
        epoch: 1,
        deadline: None,
        passed_at: lastlook_kernel::Moment(0),
        gap_ns: None,
        decide_ns: 0,
    };
}

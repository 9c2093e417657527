fn copy(permit: &lastlook_kernel::Permit) -> lastlook_kernel::Permit {
    permit.clone()
}

fn main() {}

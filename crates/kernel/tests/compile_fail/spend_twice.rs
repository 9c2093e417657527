fn spend(permit: lastlook_kernel::Permit, view: lastlook_kernel::GateView) {
    let _first = permit.spend(view);
    let _second = permit.spend(view);
}

fn main() {}

//! Instants on one monotonic clock.

/// An instant in nanoseconds on a monotonic clock that counts suspend.
///
/// The kernel never reads a clock: the engine takes the instant (`CLOCK_BOOTTIME` on Linux) and passes it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// Nanoseconds from `earlier` to `self`; zero when `earlier` is later.
    pub fn since(self, earlier: Moment) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

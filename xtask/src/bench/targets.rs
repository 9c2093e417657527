//! What the boundary may cost, and whether it does.

use super::Measured;
use super::cells::{Sample, Variant};

/// One promise, and what was measured for it.
pub struct Target {
    /// What is promised.
    pub what: String,
    /// What was measured.
    pub measured: f64,
    /// What is allowed, in the same unit.
    pub limit: f64,
    /// The unit of both.
    pub unit: Unit,
    /// Whether the measured value must stay below the limit, or reach it.
    pub at_most: bool,
    /// Whether it does.
    pub passed: bool,
}

/// How a value is read.
#[derive(Clone, Copy)]
pub enum Unit {
    /// A ratio.
    Times,
    /// A latency, in nanoseconds.
    Nanoseconds,
    /// A rate.
    PerSecond,
    /// Memory, in kilobytes.
    Kilobytes,
}

/// A look and the rebasing after an effect each take one reading again.
const READINGS_TAKEN_AGAIN: f64 = 2.0;

/// Memory that may come and go between half of the calls and all of them.
const MEMORY_NOISE_KB: f64 = 1024.0;

/// Judges everything that was measured.
pub fn judge(measured: &Measured) -> Vec<Target> {
    let at = |variant, in_flight| sample(measured, variant, in_flight);
    let (direct, pump, read) = (at(Variant::Direct, 1), at(Variant::Pump, 1), at(Variant::Read, 1));
    let commit = measured.disk.commit_p50_ns;
    let again = READINGS_TAKEN_AGAIN * direct.p50_ns;
    let flushes = measured.disk.flushes_per_second;
    let mut targets = vec![
        at_most(
            "reads at 1 in flight, p50 against the byte pump",
            read.p50_ns / pump.p50_ns,
            1.5,
            Unit::Times,
        ),
        at_least(
            "reads at 32 in flight, throughput against the byte pump",
            at(Variant::Read, 32).per_second / at(Variant::Pump, 32).per_second,
            0.6,
            Unit::Times,
        ),
        at_most(
            "blind effect at 1 in flight, p50: a read + 2.2 bare commits",
            at(Variant::Blind, 1).p50_ns,
            read.p50_ns + 2.2 * commit,
            Unit::Nanoseconds,
        ),
        at_most(
            "effect on one reading at 1 in flight, p50: the same + the repeated readings",
            at(Variant::Touched, 1).p50_ns,
            read.p50_ns + 2.2 * commit + again,
            Unit::Nanoseconds,
        ),
        at_least(
            "blind effects at 64 in flight: the disk's flushes (goal: twice)",
            at(Variant::Blind, 64).per_second,
            flushes,
            Unit::PerSecond,
        ),
        at_least(
            "effects on one reading at 64 in flight: the disk's flushes (goal: twice)",
            at(Variant::Touched, 64).per_second,
            flushes,
            Unit::PerSecond,
        ),
        at_most("decide_ns, p99", measured.decide.p99_ns, 200_000.0, Unit::Nanoseconds),
    ];
    for memory in &measured.memory {
        let (half, end) = (memory.half_kb as f64, memory.end_kb as f64);
        targets.push(at_most(
            format!("resident memory at the end ({})", memory.what),
            end,
            40.0 * 1024.0,
            Unit::Kilobytes,
        ));
        let limit = half * 1.05 + MEMORY_NOISE_KB;
        targets.push(at_most(
            format!("the same, against half of the calls ({})", memory.what),
            end,
            limit,
            Unit::Kilobytes,
        ));
    }
    targets
}

/// The sample of one cell; figures that cannot be compared if it was not measured.
pub fn sample(measured: &Measured, variant: Variant, in_flight: u32) -> Sample {
    let wanted = |(cell, sample): &(super::Cell, Sample)| {
        (cell.variant == variant && cell.in_flight == in_flight).then_some(*sample)
    };
    let nothing = Sample { p50_ns: f64::NAN, p90_ns: f64::NAN, p99_ns: f64::NAN, per_second: f64::NAN };
    measured.cells.iter().find_map(wanted).unwrap_or(nothing)
}

fn at_most(what: impl Into<String>, measured: f64, limit: f64, unit: Unit) -> Target {
    Target { what: what.into(), measured, limit, unit, at_most: true, passed: measured <= limit }
}

fn at_least(what: impl Into<String>, measured: f64, limit: f64, unit: Unit) -> Target {
    Target { what: what.into(), measured, limit, unit, at_most: false, passed: measured >= limit }
}

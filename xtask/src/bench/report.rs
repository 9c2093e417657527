//! The figures as a table for people, or as one JSON object.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Measured;
use super::cells::{IN_FLIGHT, VARIANTS, Variant};
use super::targets::{Target, Unit, sample};

/// The table.
pub fn table(measured: &Measured, targets: &[Target]) -> String {
    let mut out = String::new();
    for in_flight in IN_FLIGHT {
        let _ = writeln!(
            out,
            "\n{:<32}{:>11}{:>11}{:>10}{:>10}{:>12}{:>10}{:>10}",
            format!("{in_flight} in flight"),
            "p50",
            "p99",
            "× direct",
            "× pump",
            "per second",
            "× direct",
            "× pump"
        );
        VARIANTS.into_iter().for_each(|variant| row(&mut out, measured, variant, in_flight));
    }
    let disk = &measured.disk;
    let _ = writeln!(
        out,
        "\ndisk: {:.0} flushes a second; bare commit p50 {}; {:.0} bare commits a second at 64 in flight",
        disk.flushes_per_second,
        shown(disk.commit_p50_ns, Unit::Nanoseconds),
        disk.commits_per_second
    );
    let decide = &measured.decide;
    let _ = writeln!(
        out,
        "decide_ns over {} effects: p50 {}, p99 {}",
        decide.count,
        shown(decide.p50_ns, Unit::Nanoseconds),
        shown(decide.p99_ns, Unit::Nanoseconds)
    );
    for memory in &measured.memory {
        let (half, end) = (memory.half_kb as f64, memory.end_kb as f64);
        let _ = writeln!(
            out,
            "memory over {} calls ({}): {} at half, {} at the end",
            memory.calls,
            memory.what,
            shown(half, Unit::Kilobytes),
            shown(end, Unit::Kilobytes)
        );
    }
    let _ = writeln!(out);
    targets.iter().for_each(|target| line(&mut out, target));
    out
}

fn row(out: &mut String, measured: &Measured, variant: Variant, in_flight: u32) {
    let of = |variant| sample(measured, variant, in_flight);
    let (this, direct, pump) = (of(variant), of(Variant::Direct), of(Variant::Pump));
    let _ = writeln!(
        out,
        "{:<32}{:>11}{:>11}{:>10.2}{:>10.2}{:>12.0}{:>10.2}{:>10.2}",
        variant.name(),
        shown(this.p50_ns, Unit::Nanoseconds),
        shown(this.p99_ns, Unit::Nanoseconds),
        this.p50_ns / direct.p50_ns,
        this.p50_ns / pump.p50_ns,
        this.per_second,
        this.per_second / direct.per_second,
        this.per_second / pump.per_second
    );
}

fn line(out: &mut String, target: &Target) {
    let _ = writeln!(
        out,
        "{}  {:<76} {:>10} {} {}",
        if target.passed { "pass" } else { "MISS" },
        target.what,
        shown(target.measured, target.unit),
        if target.at_most { "≤" } else { "≥" },
        shown(target.limit, target.unit)
    );
}

fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Times => format!("{value:.2} ×"),
        Unit::Nanoseconds => format!("{:.1} µs", value / 1e3),
        Unit::PerSecond => format!("{value:.0}/s"),
        Unit::Kilobytes => format!("{:.1} MB", value / 1024.0),
    }
}

/// The same as one object.
pub fn json(measured: &Measured, targets: &[Target]) -> Value {
    let cells: Vec<Value> = measured
        .cells
        .iter()
        .map(|(cell, sample)| {
            json!({
                "variant": cell.variant.name(), "in_flight": cell.in_flight,
                "p50_ns": sample.p50_ns, "p90_ns": sample.p90_ns, "p99_ns": sample.p99_ns,
                "per_second": sample.per_second,
            })
        })
        .collect();
    let memory = |memory: &super::Memory| json!({"what": memory.what, "calls": memory.calls, "half_kb": memory.half_kb, "end_kb": memory.end_kb});
    let target = |target: &Target| {
        json!({
            "what": target.what, "measured": target.measured, "limit": target.limit, "at_most": target.at_most,
            "unit": unit(target.unit), "passed": target.passed,
        })
    };
    json!({
        "cells": cells,
        "disk": {
            "flushes_per_second": measured.disk.flushes_per_second,
            "commit_p50_ns": measured.disk.commit_p50_ns,
            "commits_per_second": measured.disk.commits_per_second,
        },
        "decide": {
            "effects": measured.decide.count, "p50_ns": measured.decide.p50_ns, "p99_ns": measured.decide.p99_ns,
        },
        "memory": measured.memory.iter().map(memory).collect::<Vec<_>>(),
        "targets": targets.iter().map(target).collect::<Vec<_>>(),
    })
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Times => "times",
        Unit::Nanoseconds => "ns",
        Unit::PerSecond => "per second",
        Unit::Kilobytes => "kB",
    }
}

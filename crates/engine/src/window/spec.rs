//! From what the operator wrote to a window, or to everything that is wrong with it.

use lastlook_kernel::WindowSpec;

use super::problem::Wrong;
use super::zone::{DAY, Ns, Zone};
use super::{Window, WindowProblem, dates, hours};

impl Window {
    /// Reads a window.
    ///
    /// # Errors
    ///
    /// Every mistake in it, in the order of the keys.
    pub fn parse(spec: &WindowSpec) -> Result<Window, Vec<WindowProblem>> {
        let WindowSpec { open, tz, closed, not_before, not_after, max_age: _, min_spacing: _ } = spec;
        let mut problems = Vec::new();
        let weekly = each("open", open, &mut problems, hours::parse).concat();
        let zone = zone(spec, &mut problems);
        let days = each("closed", closed, &mut problems, dates::closed);
        let mut bound = |field, text: &Option<String>| {
            let read = dates::instant(text.as_deref()?, zone.as_ref().or(utc_if(tz.is_some()).as_ref()));
            read.map_err(|wrong| problems.push(wrong.at(field, None))).ok()
        };
        let (first, last) = (bound("not_before", not_before), bound("not_after", not_after));
        if let (Some(first), Some(last)) = (first, last)
            && first >= last
        {
            let wrong =
                Wrong::new("`not_after` is not later than `not_before`", "the window would never be open");
            problems.push(wrong.at("not_after", None));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Window::new(zone.unwrap_or_else(Zone::utc), weekly, days, first, last))
    }

    fn new(
        zone: Zone,
        weekly: Vec<hours::Hours>,
        closed: Vec<(i64, i64)>,
        not_before: Option<Ns>,
        not_after: Option<Ns>,
    ) -> Window {
        let mut marks: Vec<Ns> = weekly.iter().flat_map(hours::Hours::marks).chain([0]).collect();
        marks.retain(|mark| *mark < DAY);
        marks.sort_unstable();
        marks.dedup();
        let overnight = weekly.iter().any(hours::Hours::is_overnight);
        let missing = if overnight { zone.missing_days() } else { Vec::new() };
        let obstacles = merged(closed.iter().copied().chain(missing.iter().map(|&day| (day, day))).collect());
        Window {
            always: weekly.is_empty() || hours::cover_the_week(&weekly),
            zone,
            weekly,
            marks,
            closed: merged(closed),
            missing,
            obstacles,
            not_before,
            not_after,
        }
    }
}

/// The zone, if one is named; needed wherever a day or an hour is.
fn zone(spec: &WindowSpec, problems: &mut Vec<WindowProblem>) -> Option<Zone> {
    match &spec.tz {
        Some(name) => Zone::find(name).map_err(|wrong| problems.push(wrong.at("tz", None))).ok(),
        None => {
            let needs = if spec.open.is_empty() { "closed" } else { "open" };
            if !spec.open.is_empty() || !spec.closed.is_empty() {
                let wrong = Wrong::new(
                    format!("`{needs}` needs a zone"),
                    "write whose clock is meant: tz = \"Europe/Paris\", or tz = \"UTC\"",
                );
                problems.push(wrong.at("tz", None));
            }
            None
        }
    }
}

/// A stand-in while the zone itself is wrong, so that one mistake is not reported as two.
fn utc_if(named: bool) -> Option<Zone> {
    named.then(Zone::utc)
}

fn each<T>(
    field: &'static str,
    texts: &[String],
    problems: &mut Vec<WindowProblem>,
    read: impl Fn(&str) -> Result<T, Wrong>,
) -> Vec<T> {
    let mut all = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match read(text) {
            Ok(value) => all.push(value),
            Err(wrong) => problems.push(wrong.at(field, Some(index))),
        }
    }
    all
}

/// Ranges of days in ascending order, those that touch made one.
fn merged(mut ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    ranges.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    merged
}

//! When an action may run: weekly hours in a zone, closed days, and bounds, resolved to instants.
//!
//! A window is about what the clock on the wall reads in its zone. Hours that the clock skips are never open, hours that
//! it shows twice are open twice, and what is late is refused: nothing is caught up.

mod dates;
mod hours;
mod period;
mod problem;
mod spec;
mod zone;

use jiff::Timestamp;

use hours::Hours;
pub use period::{Period, PeriodKey};
pub use problem::WindowProblem;
pub use zone::tz_version;
use zone::{DAY, END, Ns, START, Segment, Zone, saturated, timestamp};

/// When an action may run; see [`Window::resolve`].
///
/// The bounds on a decision's age and on the time between two actions are no part of it: they depend on more than now.
#[derive(Debug, Clone)]
pub struct Window {
    zone: Zone,
    /// Empty when every hour is open.
    weekly: Vec<Hours>,
    /// The times of day at which something may change: midnight, and where hours begin or end; ascending.
    marks: Vec<Ns>,
    /// Whether the weekly hours leave nothing out.
    always: bool,
    /// Closed days, first and last; ascending, neither touching nor overlapping.
    closed: Vec<(i64, i64)>,
    /// Days that the zone left out, while hours run over midnight; ascending.
    missing: Vec<i64>,
    /// Closed and missing days together, as `closed`.
    obstacles: Vec<(i64, i64)>,
    not_before: Option<Ns>,
    not_after: Option<Ns>,
}

/// What a window says at an instant, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Whether the action may run.
    pub open: bool,
    /// Why it may not; `None` exactly when it may.
    pub why: Option<Why>,
    /// The first instant of this answer, in nanoseconds of Unix time; `i64::MIN` when it was never another.
    pub from_ns: i64,
    /// The instant at which it ends; `i64::MAX` when it never does.
    pub until_ns: i64,
}

/// Why a window is not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Before `not_before`.
    TooEarly {
        /// The first instant that is not.
        from: Timestamp,
    },
    /// At or after `not_after`.
    TooLate {
        /// The first instant that is.
        since: Timestamp,
    },
    /// A day in `closed`.
    Closed {
        /// When the closed days end.
        until: Timestamp,
    },
    /// Outside the weekly hours.
    OutsideHours {
        /// When it opens, closed days and bounds considered; `None`: never again.
        opens: Option<Timestamp>,
    },
}

impl std::fmt::Display for Why {
    /// What is the matter, with the instant at which it ends.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Why::TooEarly { from } => write!(f, "it may run from {from} on"),
            Why::TooLate { since } => write!(f, "its time was over at {since}"),
            Why::Closed { until } => write!(f, "these days are closed until {until}"),
            Why::OutsideHours { opens: Some(opens) } => write!(f, "it is shut until {opens}"),
            Why::OutsideHours { opens: None } => f.write_str("it is shut, and never opens again"),
        }
    }
}

/// What holds during a piece of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    TooEarly,
    TooLate,
    Closed,
    Outside,
    Open,
}

/// Instants in a row during which one state holds; its neighbours may have the same.
#[derive(Debug, Clone, Copy)]
struct Piece {
    from: Ns,
    until: Ns,
    state: State,
}

/// Days around closed ones that are walked step by step, because zones are up to 26 hours from UTC and a closed day's
/// night belongs to it.
const MARGIN: i64 = 3;

impl Window {
    /// Whether the action may run at this instant, and the instants around it for which that answer holds.
    ///
    /// Bounds come first, then closed days, then hours: a closed day is closed throughout, and hours over midnight
    /// belong to the day they start on, so that they end early if the next day is closed and do not exist if their own
    /// is. Instants outside the years 1678 to 2261 are taken for the nearest one inside.
    pub fn resolve(&self, at: Timestamp) -> Resolved {
        let mut walk = Walk { window: self, segment: None };
        let at = at.as_nanosecond().clamp(START, END);
        let Piece { mut from, mut until, state } = walk.piece(at);
        while until < END {
            let next = walk.piece(until);
            if next.state != state {
                break;
            }
            until = next.until;
        }
        let why = match state {
            State::Open => None,
            State::TooEarly => Some(Why::TooEarly { from: timestamp(until) }),
            State::TooLate => Some(Why::TooLate { since: timestamp(from) }),
            State::Closed => Some(Why::Closed { until: timestamp(until) }),
            State::Outside => Some(Why::OutsideHours { opens: walk.opens(until).map(timestamp) }),
        };
        while from > START {
            let previous = walk.piece(from - 1);
            if previous.state != state {
                break;
            }
            from = previous.from;
        }
        Resolved { open: why.is_none(), why, from_ns: saturated(from), until_ns: saturated(until) }
    }

    /// The zone's name in the database; `UTC` when none was given.
    pub fn zone(&self) -> &str {
        self.zone.name()
    }

    /// A stretch whose state is plain without looking at clocks: deep inside closed days, or far from any when every
    /// hour is open.
    fn quiet(&self, at: Ns) -> Option<Piece> {
        let day = i64::try_from(at.div_euclid(DAY)).ok()?;
        if let Some(&(first, last)) = before(&self.closed, day)
            && (first + MARGIN..=last - MARGIN).contains(&day)
        {
            let (from, until) = (midnight(first + MARGIN), midnight(last - MARGIN + 1));
            return Some(Piece { from, until, state: State::Closed });
        }
        if !self.always {
            return None;
        }
        let from = before(&self.obstacles, day).map(|(_, last)| last + 1 + MARGIN);
        let until = after(&self.obstacles, day).map(|(first, _)| first - MARGIN);
        let inside = from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until);
        inside.then_some(Piece {
            from: from.map_or(START, midnight),
            until: until.map_or(END, midnight),
            state: State::Open,
        })
    }

    /// What holds when the clock reads this.
    fn state(&self, day: i64, time: Ns) -> State {
        if is_in(&self.closed, day) {
            return State::Closed;
        }
        let is_open =
            |hours: &Hours| hours.on(day, time) || hours.over(day, time) && self.takes_place(day - 1);
        if self.weekly.is_empty() || self.weekly.iter().any(is_open) { State::Open } else { State::Outside }
    }

    /// Whether there is a night of that day: hours of a day that is closed, or was left out, never started.
    fn takes_place(&self, day: i64) -> bool {
        !is_in(&self.closed, day) && self.missing.binary_search(&day).is_err()
    }
}

/// A way along time, remembering how far the offset from UTC stays what it is.
struct Walk<'a> {
    window: &'a Window,
    segment: Option<Segment>,
}

impl Walk<'_> {
    fn piece(&mut self, at: Ns) -> Piece {
        let window = self.window;
        let (first, last) = (window.not_before.unwrap_or(START), window.not_after.unwrap_or(END));
        if at < first {
            return Piece { from: START, until: first, state: State::TooEarly };
        }
        if window.not_after.is_some() && at >= last {
            return Piece { from: last, until: END, state: State::TooLate };
        }
        let piece = window.quiet(at).unwrap_or_else(|| self.step(at));
        Piece { from: piece.from.max(first).max(START), until: piece.until.min(last).min(END), ..piece }
    }

    /// From one mark on the clock to the next, or to where the clock is set.
    fn step(&mut self, at: Ns) -> Piece {
        let segment = self.segment(at);
        let local = at + segment.offset;
        let (day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let marks = &self.window.marks;
        let next = marks.partition_point(|mark| *mark <= time);
        let since = next.checked_sub(1).and_then(|last| marks.get(last)).copied().unwrap_or(0);
        let until = marks.get(next).copied().unwrap_or(DAY);
        let midnight = day * DAY - segment.offset;
        Piece {
            from: segment.from.max(midnight + since),
            until: segment.until.min(midnight + until),
            state: self.window.state(i64::try_from(day).unwrap_or(i64::MAX), time),
        }
    }

    fn segment(&mut self, at: Ns) -> Segment {
        match self.segment {
            Some(segment) if segment.from <= at && at < segment.until => segment,
            _ => *self.segment.insert(self.window.zone.segment(at)),
        }
    }

    /// The first open instant from here on.
    fn opens(&mut self, mut at: Ns) -> Option<Ns> {
        while at < END {
            let piece = self.piece(at);
            if piece.state == State::Open {
                return Some(at);
            }
            at = piece.until;
        }
        None
    }
}

fn midnight(day: i64) -> Ns {
    Ns::from(day) * DAY
}

/// The last of ascending ranges that begins on or before this day.
fn before(ranges: &[(i64, i64)], day: i64) -> Option<&(i64, i64)> {
    let next = ranges.partition_point(|(first, _)| *first <= day);
    ranges.get(next.checked_sub(1)?)
}

/// The first of ascending ranges that begins after this day.
fn after(ranges: &[(i64, i64)], day: i64) -> Option<&(i64, i64)> {
    ranges.get(ranges.partition_point(|(first, _)| *first <= day))
}

fn is_in(ranges: &[(i64, i64)], day: i64) -> bool {
    before(ranges, day).is_some_and(|(_, last)| day <= *last)
}

#[cfg(test)]
mod tests;

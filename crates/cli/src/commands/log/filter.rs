//! Which lines of the log are asked for.

use jiff::{Timestamp, Zoned, civil, tz::TimeZone};
use lastlook_ledger::Kind;

use crate::record::row::Row;

/// Which lines are asked for; a line must be all that is said.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filter {
    /// Only what audit mode let pass and enforce mode would have refused
    #[arg(long)]
    would_deny: bool,
    /// Only attempts of this tool, by its own name or as `upstream.tool`
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Only what this principal did, as the log names it
    #[arg(long, value_name = "ENTITY")]
    principal: Option<String>,
    /// Only lines with this reason code; given several times, any of them
    #[arg(long, value_name = "CODE")]
    code: Vec<String>,
    /// Only lines of this kind; given several times, any of them
    #[arg(long, value_name = "KIND")]
    kind: Vec<LineKind>,
    /// Only attempts whose outcome is this by now; `unknown` lists what waits for `lastlook resolve`
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<Outcome>,
    /// Only since then: `30m`, `2h`, `7d` ago, a date, or an instant such as `2026-05-17T09:30:00Z`
    #[arg(long, value_name = "WHEN", value_parser = since)]
    since: Option<Timestamp>,
}

/// A kind of line to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LineKind {
    Armed,
    Refused,
    Held,
    Outcome,
    Confirmation,
    Operator,
    Reads,
}

/// An outcome to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Outcome {
    Succeeded,
    Failed,
    Unknown,
}

impl Filter {
    /// Whether a line is asked for; the row must be complete.
    pub fn wants(&self, row: &Row) -> bool {
        self.wants_but_for_its_tool(row) && self.tool.as_ref().is_none_or(|tool| is_tool(row, tool))
    }

    /// Whether calls of this tool are asked for.
    pub fn wants_tool(&self, upstream: &str, tool: &str) -> bool {
        self.tool.as_ref().is_none_or(|asked| is_called(Some(upstream), tool, asked))
    }

    /// Whether it does not matter which tool was called.
    pub fn wants_every_tool(&self) -> bool {
        self.tool.is_none()
    }

    /// Whether a line is asked for, whatever its tool: a summary of reads is about several.
    pub fn wants_but_for_its_tool(&self, row: &Row) -> bool {
        let would_deny = || row.mode.as_deref() == Some("audit") && row.verdict.as_deref() == Some("deny");
        (!self.would_deny || would_deny())
            && self.principal.as_ref().is_none_or(|who| row.principal.as_ref() == Some(who))
            && (self.code.is_empty() || self.code.iter().any(|code| row.codes.contains(code)))
            && (self.kind.is_empty() || self.kind.iter().any(|kind| kind.kind().as_str() == row.kind))
            && self.outcome.is_none_or(|outcome| row.latest() == Some(outcome.as_str()))
            && !self.is_too_old(&row.time)
    }

    /// Whether summaries of reads are asked for by name; otherwise they are no lines.
    pub fn asks_for_reads(&self) -> bool {
        self.kind.contains(&LineKind::Reads)
    }

    /// Whether it matters what became of an attempt after its line was written.
    pub fn asks_how_it_ended(&self) -> bool {
        self.outcome.is_some()
    }

    /// Whether lines before some instant are not asked for.
    pub fn has_a_beginning(&self) -> bool {
        self.since.is_some()
    }

    /// Whether what was written at this time (RFC 3339) is older than anything that is asked for.
    pub fn is_too_old(&self, time: &str) -> bool {
        let Some(since) = self.since else { return false };
        // A time that is none is shown: what is odd should be seen.
        time.parse::<Timestamp>().is_ok_and(|time| time < since)
    }
}

fn is_tool(row: &Row, asked: &str) -> bool {
    row.tool.as_ref().is_some_and(|tool| is_called(row.upstream.as_deref(), tool, asked))
}

fn is_called(upstream: Option<&str>, tool: &str, asked: &str) -> bool {
    let is_full =
        |upstream| asked.strip_prefix(upstream).and_then(|rest| rest.strip_prefix('.')) == Some(tool);
    tool == asked || upstream.is_some_and(is_full)
}

impl LineKind {
    fn kind(self) -> Kind {
        match self {
            LineKind::Armed => Kind::Armed,
            LineKind::Refused => Kind::Refused,
            LineKind::Held => Kind::Held,
            LineKind::Outcome => Kind::Outcome,
            LineKind::Confirmation => Kind::Confirmation,
            LineKind::Operator => Kind::Operator,
            LineKind::Reads => Kind::Reads,
        }
    }
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Unknown => "unknown",
        }
    }
}

/// An instant as people say it.
fn since(word: &str) -> Result<Timestamp, String> {
    if let Ok(instant) = word.parse::<Timestamp>() {
        return Ok(instant);
    }
    let wrong =
        || "write `30m`, `2h` or `7d`, a date like `2026-05-17`, or an instant with its zone".to_owned();
    if let Ok(date) = word.parse::<civil::Date>() {
        return date.to_zoned(TimeZone::system()).map(|zoned| zoned.timestamp()).map_err(|_| wrong());
    }
    let span: jiff::Span = word.parse().map_err(|_| wrong())?;
    if span.is_negative() {
        return Err(wrong());
    }
    Zoned::now().checked_sub(span).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_say_when_in_several_ways() {
        assert_eq!(since("2026-05-17T09:30:00Z").unwrap().to_string(), "2026-05-17T09:30:00Z");
        assert_eq!(since("2026-05-17T11:30:00+02:00").unwrap().to_string(), "2026-05-17T09:30:00Z");
        assert!(since("2026-05-17").is_ok());
        let ago = |word| Timestamp::now().duration_since(since(word).unwrap()).as_secs();
        assert!((1795..=1805).contains(&ago("30m")));
        // A day may have 23 or 25 hours.
        assert!((6 * 86_400..=8 * 86_400).contains(&ago("7d")));
        for word in ["", "yesterday", "-5m", "5", "2026-13-01", "99999999999y"] {
            assert!(since(word).unwrap_err().starts_with("write `30m`"), "{word}");
        }
    }
}

//! Findings by what they are about, for a person and for a program.

use lastlook_engine::doctor::{Finding, Level};
use serde_json::{Value, json};

use crate::record::text::clean;

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Page {
    sections: Vec<(&'static str, Vec<Finding>)>,
}

impl Page {
    /// Adds what was found of one thing; nothing found is no section.
    pub fn add(&mut self, section: &'static str, found: Vec<Finding>) {
        if !found.is_empty() {
            self.sections.push((section, found));
        }
    }

    /// Whether nothing was found yet.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// Whether something must be put right.
    pub fn has_problems(&self) -> bool {
        self.count(Level::Problem) > 0
    }

    fn count(&self, level: Level) -> usize {
        self.sections.iter().flat_map(|(_, found)| found).filter(|finding| finding.level == level).count()
    }

    /// One line a finding, with its way out below.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        for (section, found) in &self.sections {
            lines.push((*section).to_owned());
            for Finding { level, about, says, hint } in found {
                lines.push(format!("  {:<8} {}: {}", level.as_str(), clean(about), clean(says)));
                lines.extend(hint.iter().map(|hint| format!("           hint: {}", clean(hint))));
            }
        }
        lines.push(String::new());
        lines.push(self.summary());
        lines.join("\n") + "\n"
    }

    fn summary(&self) -> String {
        let counted = |level: Level, one: &str| match self.count(level) {
            0 => format!("no {one}s"),
            1 => format!("1 {one}"),
            many => format!("{many} {one}s"),
        };
        format!("{}, {}", counted(Level::Problem, "problem"), counted(Level::Warning, "warning"))
    }

    /// One object.
    pub fn json(&self) -> Value {
        let findings = self.sections.iter().flat_map(|(section, found)| {
            found.iter().map(move |Finding { level, about, says, hint }| {
                json!({"section": section, "level": level.as_str(), "about": about, "says": says, "hint": hint})
            })
        });
        json!({
            "ok": !self.has_problems(), "problems": self.count(Level::Problem),
            "warnings": self.count(Level::Warning), "findings": findings.collect::<Vec<_>>(),
        })
    }
}

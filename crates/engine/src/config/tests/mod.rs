#![allow(clippy::string_slice)] // places in texts of our own
mod docs;
mod files;
mod guards;
mod later;
mod mistakes;
mod mistakes_in_facts;
mod mistakes_in_guards;
mod mistakes_in_hooks;
mod mistakes_in_privacy;
mod profiles;
mod schema;
mod values;
mod weaker;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use super::*;

fn parse(text: &str) -> Config {
    Config::parse(text, "lastlook.toml").unwrap_or_else(|error| panic!("{}", render(&error)))
}

/// The message as a terminal of 100 columns without colours shows it.
fn render(error: &dyn Diagnostic) -> String {
    let mut shown = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    handler.render_report(&mut shown, error).unwrap();
    shown.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// Compares with the committed snapshot of this name.
fn snapshot(name: &str, shown: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, shown);
    });
}

//! A client's file: JSON with comments and trailing commas, read for the places of its servers.

use std::ops::Range;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use miette::{GraphicalReportHandler, MietteDiagnostic, NamedSource, Report};

use crate::failure::Failure;

/// A server as a client's file has it.
#[derive(Debug)]
pub struct Found<'d> {
    /// The keys that lead to its table, joined by dots: `mcpServers`, `servers`, `mcp.servers`, ….
    pub table: String,
    /// Its name there.
    pub name: &'d str,
    /// What stands under the name.
    pub value: &'d Value<'d>,
}

/// Reads the text. `name` stands for the file in messages.
///
/// Comments and trailing commas are read, as clients read them; everything else is JSON.
pub fn parse<'t>(text: &'t str, name: &str) -> Result<Object<'t>, Failure> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let mistake = |message: String, span, label| Err(shown(text, name, message, span, label));
    match parse_to_ast(text, &CollectOptions::default(), &options) {
        Ok(result) => match result.value {
            Some(Value::Object(root)) => Ok(root),
            Some(other) => {
                mistake("the file is no JSON object".to_owned(), span(&other), "an object stands in braces")
            }
            None => mistake("the file is empty".to_owned(), 0..0, "nothing stands here"),
        },
        Err(error) => {
            let what = lower_first(&error.kind().to_string());
            mistake(format!("the file is not JSON: {what}"), span(&error.range()), "here")
        }
    }
}

/// Every server of the file, table by table, in the order of the file.
///
/// Tables are `mcpServers` (Claude, Cursor, Windsurf and most others), `servers` (VS Code's `mcp.json`), `mcp.servers`
/// (VS Code's settings, as two keys or as one), and `mcpServers` of each project (`~/.claude.json`).
pub fn servers<'d>(root: &'d Object<'d>) -> Vec<Found<'d>> {
    let mut found = Vec::new();
    for property in &root.properties {
        match (property.name.as_str(), &property.value) {
            (key @ ("mcpServers" | "servers" | "mcp.servers"), Value::Object(table)) => {
                take(table, key.to_owned(), &mut found);
            }
            ("mcp", Value::Object(mcp)) => {
                inside(mcp, "servers").for_each(|table| take(table, "mcp.servers".to_owned(), &mut found));
            }
            ("projects", Value::Object(projects)) => {
                for project in &projects.properties {
                    let Value::Object(settings) = &project.value else { continue };
                    let path = format!("projects.{}.mcpServers", project.name.as_str());
                    inside(settings, "mcpServers").for_each(|table| take(table, path.clone(), &mut found));
                }
            }
            _ => {}
        }
    }
    found
}

/// The places of values that may be secrets: those under `env` and `headers`.
pub fn secrets(root: &Object<'_>) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    collect_secrets(root, &mut spans);
    spans
}

/// A node's place.
pub fn span(node: &impl Ranged) -> Range<usize> {
    node.start()..node.end()
}

fn inside<'d>(object: &'d Object<'d>, key: &str) -> impl Iterator<Item = &'d Object<'d>> {
    let named = object.properties.iter().filter(move |property| property.name.as_str() == key);
    named.filter_map(|property| property.value.as_object())
}

fn take<'d>(table: &'d Object<'d>, path: String, found: &mut Vec<Found<'d>>) {
    found.extend(table.properties.iter().map(|property| Found {
        table: path.clone(),
        name: property.name.as_str(),
        value: &property.value,
    }));
}

fn collect_secrets(object: &Object<'_>, spans: &mut Vec<Range<usize>>) {
    for property in &object.properties {
        let Value::Object(inner) = &property.value else { continue };
        if matches!(property.name.as_str(), "env" | "headers") {
            let texts = inner.properties.iter().filter_map(|property| property.value.as_string_lit());
            spans.extend(texts.map(span));
        } else {
            collect_secrets(inner, spans);
        }
    }
}

/// The mistake under its line. No other line is shown: they may hold secrets.
fn shown(text: &str, name: &str, message: String, span: Range<usize>, label: &str) -> Failure {
    let label = miette::LabeledSpan::new_with_span(Some(label.to_owned()), span);
    let help = "nothing was changed: correct the file, or name another one";
    let diagnostic = MietteDiagnostic::new(message.clone()).with_label(label).with_help(help);
    let report = Report::new(diagnostic).with_source_code(NamedSource::new(name, text.to_owned()));
    let mut rendered = String::new();
    let handler = GraphicalReportHandler::new().with_context_lines(0);
    match handler.render_report(&mut rendered, report.as_ref()) {
        Ok(()) => Failure::usage(message).hint(help).rendered(rendered),
        Err(_) => Failure::usage(message).hint(help),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
